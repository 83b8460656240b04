/* Running the program, ./headroom of the build folder that tests run in. */
#ifndef HR_TESTS_PROGRAM_H
#define HR_TESTS_PROGRAM_H

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scratch.h"

/* What a program left: all of it, as texts of at most this size. */
typedef struct program {
  int exit_code;
  char out[32768];
  char err[32768];
} program;

static inline void program_read(const char *path, char *text, size_t size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t length = fread(text, 1, size - 1, file);
  text[length] = '\0';
  assert_true(feof(file) || length < size - 1);
  fclose(file);
}

/* Starts the program `path` with `arguments` (ending in NULL; the first is the program's
 * name), stdout and stderr going to files of that name in `s`. */
static inline pid_t program_start_file(scratch *s, const char *path,
                                       const char *const *arguments) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child > 0) return child;
  int out = open(scratch_name(s, "stdout"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int err = open(scratch_name(s, "stderr"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out < 0 || err < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(99);
  execv(path, (char *const *)arguments);
  _exit(98);
}

/* The same of ./headroom. */
static inline pid_t program_start(scratch *s, const char *const *arguments) {
  return program_start_file(s, "./headroom", arguments);
}

/* Waits for it to exit by itself and reads what it left. */
static inline void program_finish(scratch *s, pid_t child, program *p) {
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFEXITED(result));
  p->exit_code = WEXITSTATUS(result);
  program_read(scratch_name(s, "stdout"), p->out, sizeof p->out);
  program_read(scratch_name(s, "stderr"), p->err, sizeof p->err);
}

#endif
