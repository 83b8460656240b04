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

void hr_interrupt_watch(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  /* Reads go on (SA_RESTART): the work itself asks whether to stop. */
  action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  /* The terminal is gone; under nohup, and in the background, that is ignored already. */
  struct sigaction before;
  if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
    sigaction(SIGHUP, &action, NULL);
  }
  /* A file that grows beyond `ulimit -f` is a write that fails, and is told as one. */
  action.sa_handler = SIG_IGN;
  action.sa_flags = 0;
  sigaction(SIGXFSZ, &action, NULL);
}

void hr_interrupt_watch_forwarded(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
  sigaction(SIGUSR1, &action, NULL);
}

void hr_interrupt_outlive_readers(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_IGN;
  sigemptyset(&action.sa_mask);
  sigaction(SIGPIPE, &action, NULL);
}

void hr_interrupt_end_as_unread(void) {
  struct sigaction action;
  sigset_t unblocked;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(SIGPIPE, &action, NULL);
  sigemptyset(&unblocked);
  sigaddset(&unblocked, SIGPIPE);
  pthread_sigmask(SIG_UNBLOCK, &unblocked, NULL);
  raise(SIGPIPE);
}

bool hr_interrupt_came(void) {
  return came != 0;
}
