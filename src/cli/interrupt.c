/* Signals that ask the program to stop. The handler sets one flag and puts back the
 * default, so that the second signal ends the program. */
#include "cli/interrupt.h"

#include <signal.h>
#include <string.h>

/* A signal handler has no other way to say something; the library has no such variable.
 */
static volatile sig_atomic_t came;

static void remember(int signal_number) {
  (void)signal_number;
  came = 1;
}

/* What happens when the signal comes, from now on. */
static void answer(int signal_number, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, NULL);
}

/* Reads go on (SA_RESTART): the work itself asks whether to stop. */
static void remember_first(int signal_number) {
  answer(signal_number, remember, (int)(SA_RESTART | SA_RESETHAND));
}

void hr_interrupt_watch(void) {
  remember_first(SIGINT);
  remember_first(SIGTERM);
  /* The terminal is gone; under nohup, and in the background, that is ignored already. */
  struct sigaction before;
  if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
    remember_first(SIGHUP);
  }
  /* A file that grows beyond `ulimit -f` is a write that fails, and is told as one. */
  answer(SIGXFSZ, SIG_IGN, 0);
}

void hr_interrupt_watch_forwarded(void) {
  remember_first(SIGUSR1);
}

void hr_interrupt_outlive_readers(void) {
  answer(SIGPIPE, SIG_IGN, 0);
}

void hr_interrupt_end_as_unread(void) {
  answer(SIGPIPE, SIG_DFL, 0);
  sigset_t unblocked;
  sigemptyset(&unblocked);
  sigaddset(&unblocked, SIGPIPE);
  pthread_sigmask(SIG_UNBLOCK, &unblocked, NULL);
  raise(SIGPIPE);
}

bool hr_interrupt_came(void) {
  return came != 0;
}
