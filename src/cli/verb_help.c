/* `headroom help`: all verbs, or one with its options. */
#include <stdio.h>

#include "cli/verb.h"

static void describe_all(void) {
  size_t count = 0;
  const hr_verb *const *verbs = hr_verbs(&count);
  puts(
      "Headroom: how much would a mixture of specialists gain over the model you have?\n"
      "\n"
      "Usage: headroom VERB ...\n");
  for (size_t i = 0; i < count; i++) {
    printf("  %-10s %s\n", verbs[i]->grammar.verb, verbs[i]->summary);
  }
  puts(
      "\n"
      "`headroom help VERB` tells more about one. Results are printed to stdout, "
      "progress\n"
      "and errors to stderr. Exit codes: 0 done, 1 a check did not pass, 2 wrong usage "
      "or\n"
      "configuration, 3 wrong data, 4 internal trouble (disk, memory, numerics), 5 the\n"
      "study is done, but an expert has no model in any bin, 130 interrupted.");
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  (void)values;
  hr_status status = HR_OK;
  const hr_verb *verb = NULL;
  if (!operand) {
    describe_all();
    return HR_OK;
  }
  HR_TRY(hr_verb_find(operand, &verb, err));
  HR_TRY(hr_verb_describe(verb, err));
cleanup:
  return status;
}

const hr_verb hr_verb_help = {
    .grammar = {.verb = "help", .operand = "VERB", .operand_optional = true},
    .summary = "say what the program or one of its verbs does",
    .takes_ranks = true,
    .run = run,
};
