/* print_plan CONFIG: every row's split, bin, route, fold and target as CSV, for the tests
 * that repeat a study with other programs. */
#include <stdio.h>

#include "study/plan.h"

static void print_split(const char *name, const hr_split_view *split) {
  for (size_t i = 0; i < split->rows; i++) {
    printf("%s,%zu,%d,%d,%d,%.17g\n", name, i, split->bin[i], split->route[i],
           split->fold ? split->fold[i] : -1, split->target[i]);
  }
}

int main(int argc, char **argv) {
  hr_error err = {0};
  hr_config *config = NULL;
  hr_plan *plan = NULL;
  hr_status status = HR_ERR_USAGE;
  if (argc == 2) status = hr_config_load(argv[1], &config, &err);
  if (status == HR_OK) status = hr_plan_create(config, NULL, &plan, &err);
  if (status == HR_OK) {
    printf("split,row,bin,route,fold,target\n");
    print_split("train", &plan->view.train);
    print_split("test", &plan->test_split);
  } else {
    fprintf(stderr, "print_plan: %s\n", err.message);
  }
  hr_plan_destroy(&plan);
  hr_config_destroy(&config);
  return hr_status_exit_code(status);
}
