#include "report/words.h"

#include "data/doubts.h"
#include "methods/outside/outside.h"
#include "score/ladder.h"
#include "support/check.h"

static void test_every_key_has_words_in_both_languages(void **state) {
  (void)state;
  static const char *const remarks[] = {"chosen_on_test", "one_expert", "falls_back",
                                        "incomplete"};
  for (size_t i = 0; i < 4; i++) {
    assert_string_not_equal(hr_words_remark(remarks[i], true),
                            hr_words_remark(remarks[i], false));
  }
}

static void test_every_criterion_has_words(void **state) {
  (void)state;
  static const char *const criteria[] = {"oracle_r2",  "delta_r2",         "insufficient",
                                         "focus_bins", "mixture_delta_r2", "rho"};
  static const char *const verdicts[] = {"pass", "fail", "undecided"};
  static const char *const reasons[] = {"no_single", "no_gate", "no_baseline", "no_gain",
                                        "from_elsewhere"};
  for (size_t i = 0; i < 6; i++) {
    assert_string_not_equal(hr_words_criterion(criteria[i], true),
                            hr_words_criterion(criteria[i], false));
    for (size_t v = 0; v < 3; v++) {
      assert_string_not_equal(hr_words_next(criteria[i], verdicts[v], true),
                              hr_words_next(criteria[i], verdicts[v], false));
    }
  }
  for (size_t v = 0; v < 3; v++) {
    assert_string_equal(hr_words_verdict(verdicts[v], false), verdicts[v]);
    assert_string_not_equal(hr_words_verdict(verdicts[v], true), verdicts[v]);
  }
  for (size_t i = 0; i < 5; i++) {
    assert_string_not_equal(hr_words_why(reasons[i], true),
                            hr_words_why(reasons[i], false));
  }
}

static void test_cautions(void **state) {
  (void)state;
  assert_string_equal(hr_words_caution("baseline_undertuned", false),
                      "; but the baseline may be undertuned");
  assert_string_equal(hr_words_caution("baseline_undertuned", true),
                      "；但基线可能未调到最佳");
  assert_string_equal(hr_words_caution("one_row", false),
                      "; but one test row makes most of the error");
  assert_string_equal(hr_words_caution("wild_training_rows", false),
                      "; but training rows far beyond all others may have spoilt the "
                      "baseline");
  assert_string_equal(hr_words_next("delta_r2", "one_row", false),
                      "one test row decides: look at it first");
  assert_string_equal(hr_words_next("delta_r2", "one_row", true),
                      "由单独一行测试光谱决定，请先查看该行");
  assert_string_equal(hr_words_next("delta_r2", "wild_training_rows", false),
                      "training rows far beyond all others may have made the gain: look "
                      "at them or leave them out first");
  assert_string_equal(hr_words_next("delta_r2", "wild_training_rows", true),
                      "远超其余各行的训练行可能损害了对照的模型，请先查看或剔除");
}

static void check_closed(const char *text, size_t from, const char *expected) {
  hr_text out;
  hr_text_init(&out);
  hr_text_append(&out, "%s", text);
  hr_words_close_up(&out, from);
  assert_string_equal(out.bytes, expected);
  assert_int_equal(out.length, strlen(expected));
  hr_text_fini(&out);
}

/* A space is between scripts, and none between Chinese words. */
static void test_spaces_are_between_scripts(void **state) {
  (void)state;
  check_closed("相对 全局 Ridge 的 ΔR²", 0, "相对全局 Ridge 的 ΔR²");
  check_closed("混合专家（完美路由） 的 σ", 0, "混合专家（完美路由）的 σ");
  check_closed("冷 星：全局 后验", strlen("冷 星"), "冷 星：全局后验");
  check_closed("a b", 0, "a b");
  check_closed("星 ", 0, "星 ");
  hr_text none;
  hr_text_init(&none);
  hr_words_close_up(&none, 0);
  assert_int_equal(none.length, 0);
}

static void test_every_expert_has_a_sentence(void **state) {
  (void)state;
  size_t count = 0;
  const hr_method *const *methods = hr_methods(&count);
  for (size_t i = 0; i < count; i++) {
    assert_non_null(hr_words_expert(methods[i]->name, false));
    assert_string_not_equal(hr_words_expert(methods[i]->name, true),
                            hr_words_expert(methods[i]->name, false));
  }
  assert_null(hr_words_expert("forest", true));
}

/* What results.json may say of a ladder. */
static void test_the_ladder_has_words(void **state) {
  (void)state;
  for (hr_rung from = 0; from < HR_RUNGS; from++) {
    const char *rung = hr_rung_name(from);
    assert_string_not_equal(hr_words_rung(rung, true), hr_words_rung(rung, false));
    for (hr_rung to = from + 1; to < HR_RUNGS; to++) {
      const char *step = hr_step_name(from, to);
      assert_string_not_equal(hr_words_step(step, true), hr_words_step(step, false));
    }
  }
  assert_string_equal(hr_words_step("mixture", false),
                      "the mixture with perfect routing");
  assert_string_equal(hr_words_step("mixture", true), "混合专家（完美路由）");
  assert_string_equal(hr_words_step("only_model", false), "the only model of all rows");
  assert_string_equal(hr_words_step("no_better_model", true), "没有更好的单一模型");
  assert_string_equal(hr_words_ceiling("posterior", true), "后验上限");
  assert_string_equal(hr_words_ceiling("fisher", false), "Fisher bound");
}

static void test_gates_have_words(void **state) {
  (void)state;
  static const char *const gates[] = {"bayes", "logistic", "mlp"};
  static const char *const mixings[] = {"soft", "hard", "fallback"};
  for (size_t i = 0; i < 3; i++) {
    assert_string_not_equal(hr_words_gate(gates[i], true),
                            hr_words_gate(gates[i], false));
    assert_string_equal(hr_words_mixing(mixings[i], false), mixings[i]);
    assert_string_not_equal(hr_words_mixing(mixings[i], true), mixings[i]);
  }
}

static void test_unknown_keys(void **state) {
  (void)state;
  assert_null(hr_words_remark("new", true));
  assert_null(hr_words_criterion("new", false));
  assert_null(hr_words_why("new", true));
  assert_null(hr_words_verdict("new", true));
  assert_null(hr_words_caution("new", true));
  assert_null(hr_words_rung("new", true));
  assert_null(hr_words_step("new", true));
  assert_null(hr_words_ceiling("new", true));
  assert_null(hr_words_gate("new", true));
  assert_null(hr_words_mixing("new", true));
  assert_null(hr_words_next("new", "pass", false));
  assert_null(hr_words_doubt("new"));
}

/* No model from elsewhere may be called as a rung, a ceiling, a gate's hybrid, or as an
 * expert is in Chinese. */
static void test_names_of_rungs_are_taken(void **state) {
  (void)state;
  static const char *const rungs[] = {"baseline", "single",  "deployed",
                                      "oracle",   "ceiling", "elsewhere"};
  static const char *const ceilings[] = {"posterior", "fisher"};
  static const char *const gates[] = {"bayes", "logistic", "mlp"};
  static const char *const titled[] = {"ridge_marginal", "posterior", "line_index",
                                       "placebo", "leakage"};
  for (int chinese = 0; chinese < 2; chinese++) {
    for (size_t i = 0; i < 6; i++) {
      assert_true(hr_outside_title_is_taken(hr_words_rung(rungs[i], chinese)));
    }
    for (size_t i = 0; i < 2; i++) {
      assert_true(hr_outside_title_is_taken(hr_words_ceiling(ceilings[i], chinese)));
    }
    for (size_t i = 0; i < 3; i++) {
      char title[96];
      snprintf(title, sizeof title, chinese ? "ViT（%s）" : "ViT, %s",
               hr_words_gate(gates[i], chinese));
      assert_true(hr_outside_title_is_taken(title));
    }
  }
  for (size_t i = 0; i < 5; i++) {
    assert_true(hr_outside_title_is_taken(hr_words_title(titled[i])));
  }
}

static void test_every_doubt_has_words(void **state) {
  (void)state;
  for (size_t code = 0; code < HR_DOUBT_COUNT; code++) {
    assert_non_null(hr_words_doubt(hr_doubt_text((hr_doubt_code)code)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_key_has_words_in_both_languages),
      cmocka_unit_test(test_every_criterion_has_words),
      cmocka_unit_test(test_cautions),
      cmocka_unit_test(test_spaces_are_between_scripts),
      cmocka_unit_test(test_every_expert_has_a_sentence),
      cmocka_unit_test(test_the_ladder_has_words),
      cmocka_unit_test(test_gates_have_words),
      cmocka_unit_test(test_unknown_keys),
      cmocka_unit_test(test_names_of_rungs_are_taken),
      cmocka_unit_test(test_every_doubt_has_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
