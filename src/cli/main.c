/* The program: finds the verb, reads its command line, runs it, and says in one sentence
 * and an exit code what went wrong. */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/verb.h"
#include "core/alloc.h"
#include "core/world.h"

static bool asks_for_help(const char *argument) {
  return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static hr_status run_verb(const hr_verb *verb, size_t count, const char *const *arguments,
                          hr_error *err) {
  hr_status status = HR_OK;
  void *values = NULL;
  const char *operand = NULL;
  for (size_t i = 0; i < count; i++) {
    if (asks_for_help(arguments[i])) return hr_verb_describe(verb, err);
  }
  HR_TRY(hr_verb_values(verb, &values, err));
  HR_TRY(hr_options_read(&verb->grammar, count, arguments, values, &operand, err));
  HR_TRY(verb->run(values, operand, err));
cleanup:
  hr_options_fini(&verb->grammar, values);
  hr_free(values);
  return status;
}

/* Several of a verb that knows nothing of it would get in each other's way. */
static hr_status check_ranks(const hr_verb *verb, hr_error *err) {
  if (verb->takes_ranks || !hr_world_find_launch().is_launched) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "`headroom %s` is one process; start it without mpirun, whose ranks "
                 "`headroom run` divides a study among",
                 verb->grammar.verb);
}

static hr_status run_program(size_t count, const char *const *arguments, hr_error *err) {
  hr_status status = HR_OK;
  const hr_verb *verb = NULL;
  if (count == 0) {
    return hr_fail(err, HR_ERR_USAGE, "say what to do; `headroom help` lists the verbs");
  }
  if (asks_for_help(arguments[0])) return hr_verb_help.run(NULL, NULL, err);
  if (strcmp(arguments[0], "--version") == 0) return hr_verb_version.run(NULL, NULL, err);
  HR_TRY(hr_verb_find(arguments[0], &verb, err));
  HR_TRY(check_ranks(verb, err));
  HR_TRY(run_verb(verb, count - 1, arguments + 1, err));
cleanup:
  return status;
}

/* As soon as a large block is freed, glibc keeps the next ones of up to 32 MiB instead of
 * giving them back, so that what one step of a study has freed still counts in the next.
 * A fixed threshold gives each large block back at once: a third of the peak with trees.
 */
static void give_freed_memory_back(void) {
#ifdef M_MMAP_THRESHOLD
  enum { LARGE_BYTES = 4 << 20 };
  mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
  mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
#endif
}

/* Whether the other end of a pipe is closed; a failed write may be long ago. */
static bool is_unread(int stream) {
  struct pollfd end = {.fd = stream, .events = POLLOUT};
  return poll(&end, 1, 0) == 1 && (end.revents & (POLLERR | POLLHUP)) != 0;
}

/* The first of several ranks speaks for all; what it says has no sentence elsewhere. */
static bool is_said_elsewhere(const hr_error *err) {
  const hr_world_launch launch = hr_world_find_launch();
  bool is_other = launch.is_launched && launch.rank > 0;
  return err->message[0] == '\0' || (is_other && err->status == HR_ERR_USAGE);
}

int main(int argc, char **argv) {
  hr_error err = {0};
  size_t count = argc > 1 ? (size_t)argc - 1 : 0;
  give_freed_memory_back();
  hr_status status = run_program(count, (const char *const *)argv + 1, &err);
  /* Results that did not arrive (a full disk behind `> file`) are not a success; a reader
   * who has enough (`| head -1`) ends the program as the convention is, without a word.
   */
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  if (lost && status == HR_OK && is_unread(STDOUT_FILENO)) hr_interrupt_end_as_unread();
  if (lost && status == HR_OK) {
    status = hr_fail_errno(&err, HR_ERR_IO, errno, "cannot write to standard output");
  }
  if (status != HR_OK && !is_said_elsewhere(&err)) {
    fprintf(stderr, "headroom: %s\n", err.message);
  }
  return hr_status_exit_code(status);
}
