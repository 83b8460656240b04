/* `headroom completion`: what bash makes of it, and that every option is in all three. */
#include <unistd.h>

#include "cli/verb.h"
#include "support/program.h"

static char text[1 << 16];

/* What `headroom completion SHELL` prints, in a file of that name. */
static void print_for(scratch *s, const char *shell) {
  static program p;
  const char *const words[] = {"headroom", "completion", shell, NULL};
  pid_t child = program_start(s, words);
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  program_read(scratch_name(s, "stdout"), text, sizeof text);
  (void)p;
  scratch_write(s, shell, text);
}

/* What bash offers for the words of a line, the last being completed. */
static void check_offers(scratch *s, const char *line, const char *offers) {
  char command[1024], got[4096] = "";
  snprintf(command, sizeof command,
           "bash --norc -c 'cd %s; source ./bash; COMP_WORDS=(%s); "
           "COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _headroom; echo ${COMPREPLY[*]}'",
           s->path, line);
  FILE *answer = popen(command, "r");
  assert_non_null(answer);
  got[fread(got, 1, sizeof got - 1, answer)] = '\0';
  assert_int_equal(pclose(answer), 0);
  assert_string_equal(got, offers);
}

static void bash_completes(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  print_for(&s, "bash");
  scratch_write(&s, "study.yaml", "");
  check_offers(&s, "headroom simu", "simulate\n");
  check_offers(&s, "headroom st", "status stop\n");
  check_offers(&s, "headroom run --re", "--resume --restart --replace\n");
  check_offers(&s, "headroom run stu", "study.yaml\n");
  check_offers(&s, "headroom run --out stu", "study.yaml\n");
  check_offers(&s, "headroom run --threads \"\"", "\n");
  check_offers(&s, "headroom simulate --dtype \"\"", "f32 f64\n");
  check_offers(&s, "headroom help insp", "inspect\n");
  check_offers(&s, "headroom completion f", "fish\n");
  scratch_fini(&s);
}

static void every_option_is_in_every_shell(void **state) {
  (void)state;
  static const char *const shells[] = {"bash", "zsh", "fish"};
  size_t count = 0;
  const hr_verb *const *verbs = hr_verbs(&count);
  for (size_t i = 0; i < 3; i++) {
    scratch s;
    scratch_init(&s);
    print_for(&s, shells[i]);
    for (size_t v = 0; v < count; v++) {
      const hr_grammar *grammar = &verbs[v]->grammar;
      for (size_t o = 0; o < grammar->option_count; o++) {
        char option[64];
        snprintf(option, sizeof option, "%s%s", i == 2 ? "-l " : "--",
                 grammar->options[o].name);
        if (!strstr(text, option)) fail_msg("%s lacks %s", shells[i], option);
      }
    }
    scratch_fini(&s);
  }
}

static void other_shells_are_refused(void **state) {
  (void)state;
  static program p;
  scratch s;
  scratch_init(&s);
  const char *const words[] = {"headroom", "completion", "tcsh", NULL};
  program_finish(&s, program_start(&s, words), &p);
  assert_int_equal(p.exit_code, 2);
  assert_string_equal(
      p.err, "headroom: completion is there for bash, zsh and fish, not for 'tcsh'\n");
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bash_completes),
      cmocka_unit_test(every_option_is_in_every_shell),
      cmocka_unit_test(other_shells_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
