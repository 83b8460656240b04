/* Is it the mixture? Every answer that a ladder can give, in both languages. */
#include "report/ladder_words.h"

#include "report/ladder_fixture.h"

static ladder_fixture l;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  ladder_fixture_init(&l);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&l.s);
  return 0;
}

/* Tells into `words`, which is initialised. */
static void tell(const char *language, hr_text *words) {
  hr_reader reader = {0};
  json_t *root = ladder_fixture_read(&l);
  json_object_set_new(json_object_get(root, "experiment"), "language",
                      json_string(language));
  check_ok(hr_reader_take(&reader, "results.json", root, &err));
  hr_ladder_tell(&reader, words);
  check_ok(hr_reader_status(&reader, &err));
  hr_reader_fini(&reader);
}

static void check_answer(const char *language, const char *expected) {
  hr_text words;
  hr_text_init(&words);
  tell(language, &words);
  assert_string_equal(words.bytes ? words.bytes : "", expected);
  hr_text_fini(&words);
}

/* How the answer ends. */
static void check_end(const char *language, const char *expected) {
  hr_text words;
  hr_text_init(&words);
  tell(language, &words);
  assert_true(words.length > strlen(expected));
  assert_string_equal(words.bytes + words.length - strlen(expected), expected);
  hr_text_fini(&words);
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* All five rungs: the README's own example. */
static void all_rungs(void **state) {
  (void)state;
  static const planned_rung plan[] = {
      {HR_RUNG_BASELINE, "global_ridge", 0.4853, 0},
      {HR_RUNG_SINGLE, "global_forest", 0.7599, 0.02},
      {HR_RUNG_DEPLOYED, "ridge_oracle", 0.7649, 0.004},
      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.7661, 0.0011},
      {HR_RUNG_CEILING, "posterior", 0.7710, 0.003}};
  ladder_fixture_plan(&l, plan, COUNT(plan), NULL);
  check_answer("en",
               "Of +0.2808 over Global Ridge, +0.2746 is the better model (Global "
               "Forest); the mixture adds +0.0062 [+0.0051, +0.0073] with perfect "
               "routing, +0.0050 [+0.0010, +0.0090] deployed. What the noise allows "
               "(Posterior ceiling) is +0.0049 [+0.0019, +0.0079] higher.");
  check_answer(
      "zh",
      "相对全局 Ridge 的 +0.2808 中，+0.2746 来自更好的模型（全局 Forest）；"
      "混合专家在完美路由下的增益为 +0.0062 [+0.0051, +0.0073]，其中由门控实际路由即可得 "
      "+0.0050 [+0.0010, +0.0090]。噪声所允许的上限（后验上限）还高 +0.0049 "
      "[+0.0019, +0.0079]。");
}

static void nothing_told_from_chance(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.75, 0},
                                      {HR_RUNG_SINGLE, "global_forest", 0.752, 0.02},
                                      {HR_RUNG_DEPLOYED, "ridge_oracle", 0.751, 0.004},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.753, 0.003},
                                      {HR_RUNG_CEILING, "fisher", 0.7535, 0.002}};
  ladder_fixture_plan(&l, plan, COUNT(plan), "cnn");
  check_answer(
      "en",
      "The best single model (Global Forest) is not better than Global Ridge by "
      "anything that can be told from chance: +0.0020 [-0.0180, +0.0220]; the "
      "mixture adds nothing that can be told from chance with perfect routing: "
      "+0.0010 [-0.0020, +0.0040]; deployed, it adds nothing that can be told "
      "from chance: -0.0010 [-0.0050, +0.0030]. What the noise allows (Fisher bound) "
      "cannot be told from the R² with perfect routing: +0.0005 [-0.0015, +0.0025].");
  check_answer(
      "zh",
      "最佳单一模型（全局 Forest）相对全局 Ridge 的差别与偶然无从区分："
      "+0.0020 [-0.0180, +0.0220]；混合专家在完美路由下的增益与偶然无从区分："
      "+0.0010 [-0.0020, +0.0040]；由门控实际路由时的增益与偶然无从区分："
      "-0.0010 [-0.0050, +0.0030]。与噪声所允许的上限（Fisher 界）相比，完美路由的 R² "
      "与之无从区分：+0.0005 [-0.0015, +0.0025]。");
}

static void losses(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.75, 0},
                                      {HR_RUNG_SINGLE, "global_forest", 0.70, 0.02},
                                      {HR_RUNG_DEPLOYED, "ridge_oracle", 0.60, 0.004},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0.003},
                                      {HR_RUNG_CEILING, "posterior", 0.64, 0.002}};
  ladder_fixture_plan(&l, plan, COUNT(plan), "cnn");
  check_answer("en",
               "The single model that validation chose (Global Forest) is worse than "
               "Global Ridge: -0.0500 [-0.0700, -0.0300]; the mixture loses even with "
               "perfect routing: -0.0500 [-0.0530, -0.0470]; deployed, it loses: -0.1000 "
               "[-0.1040, -0.0960]. The ceiling (Posterior ceiling) is lower, -0.0100 "
               "[-0.0120, -0.0080]: a leak, or its templates, prior or errors are not "
               "the data's.");
  check_answer("zh",
               "验证所选的单一模型（全局 Forest）反而不如全局 Ridge：-0.0500 "
               "[-0.0700, -0.0300]；混合专家即使在完美路由下也使 R² 降低：-0.0500 "
               "[-0.0530, -0.0470]；由门控实际路由时反而使 R² 降低：-0.1000 [-0.1040, "
               "-0.0960]。上限（后验上限）反而更低：-0.0100 [-0.0120, -0.0080]："
               "数据有泄漏，或其模板、先验、误差与数据不符。");
}

/* A better model, of which the mixture takes some away. */
static void a_gain_and_a_loss(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_SINGLE, "global_forest", 0.7, 0.02},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0.003},
                                      {HR_RUNG_CEILING, "fisher", 0.64, 0.002}};
  ladder_fixture_plan(&l, plan, COUNT(plan), NULL);
  check_answer("en",
               "The better model (Global Forest) gains +0.2000 [+0.1800, +0.2200] over "
               "Global Ridge; the mixture loses even with perfect routing: -0.0500 "
               "[-0.0530, -0.0470]. The ceiling (Fisher bound) is lower, -0.0100 "
               "[-0.0120, -0.0080]; it is an approximation.");
  check_answer("zh",
               "更好的模型（全局 Forest）相对全局 Ridge 的增益为 +0.2000 [+0.1800, "
               "+0.2200]；混合专家即使在完美路由下也使 R² 降低：-0.0500 [-0.0530, "
               "-0.0470]。上限（Fisher 界）反而更低：-0.0100 [-0.0120, -0.0080]；"
               "它只是近似。");
}

/* No gate, no ceiling, an expert without a model of all rows. */
static void what_is_not_known(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_SINGLE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0.003}};
  ladder_fixture_plan(&l, plan, COUNT(plan), "cnn");
  check_answer("en",
               "No single model did better in validation than Global Ridge; the mixture "
               "adds +0.1500 [+0.1470, +0.1530] with perfect routing; there is no gate, "
               "so how much of it is left when deployed is not known. What the noise "
               "allows is not known. Part of what the mixture adds may be a better "
               "model: 1D-CNN has no model of all rows.");
  check_answer("zh",
               "验证中没有任何单一模型优于全局 Ridge；混合专家在完美路由下的增益为 "
               "+0.1500 [+0.1470, +0.1530]；没有门控，因此实际部署后能保留多少尚不可知。"
               "噪声所允许的上限未知。1D-CNN 没有全局模型，因此混合专家的增益可能有一部分"
               "来自更好的模型。");
}

static void models_of_all_rows_that_are_missing(void **state) {
  (void)state;
  static const planned_rung lone[] = {{HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0}};
  static const planned_rung no_single[] = {
      {HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.501, 0.003}};
  static const planned_rung no_baseline[] = {
      {HR_RUNG_SINGLE, "global_forest", 0.5, 0},
      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.501, 0.003}};
  ladder_fixture_plan(&l, lone, 1, NULL);
  check_answer("en",
               "There is no model of all rows to hold the hybrid against, so what the "
               "mixture adds is not known. What the noise allows is not known.");
  check_answer("zh",
               "没有可与混合专家相比的全局模型，因此混合专家本身的增益尚不可知。"
               "噪声所允许的上限未知。");
  ladder_fixture_plan(&l, no_single, 2, NULL);
  check_answer("en",
               "Validation chose no best single model; over Global Ridge, the mixture "
               "adds nothing that can be told from chance with perfect routing: +0.0010 "
               "[-0.0020, +0.0040]. What the noise allows is not known.");
  check_answer("zh",
               "验证未能选出最佳单一模型；与全局 Ridge 相比，混合专家在完美路由下的增益"
               "与偶然无从区分：+0.0010 [-0.0020, +0.0040]。噪声所允许的上限未知。");
  ladder_fixture_plan(&l, no_baseline, 2, NULL);
  check_answer("en",
               "The baseline has no model of all rows; over the best single model "
               "(Global Forest), the mixture adds nothing that can be told from chance "
               "with perfect routing: +0.0010 [-0.0020, +0.0040]. What the noise allows "
               "is not known.");
  check_answer("zh",
               "基线没有全局模型；与最佳单一模型（全局 Forest）相比，混合专家在完美路由"
               "下的增益与偶然无从区分：+0.0010 [-0.0020, +0.0040]。"
               "噪声所允许的上限未知。");
}

/* Models from elsewhere alone, none of them validated. */
static void nobody_competes(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.5, 0}};
  ladder_fixture_plan(&l, plan, 2, NULL);
  json_t *root = ladder_fixture_read(&l), *experts = json_object_get(root, "experts");
  for (size_t e = 0; e < json_array_size(experts); e++) {
    json_object_set_new(json_array_get(experts, e), "competes", json_false());
  }
  ladder_fixture_save(&l, root);
  check_answer("en",
               "No model was validated, so none may be chosen for a bin: Global Ridge "
               "predicts all of them, and there is no mixture to judge. What the noise "
               "allows is not known.");
  check_answer("zh",
               "没有模型经过验证，因此任何分箱都无专家可选：各分箱均由全局 Ridge 预测，"
               "没有可供评判的混合专家。噪声所允许的上限未知。");
}

/* The study as it is: Ridge alone has a model of all rows. */
static void one_model_of_all_rows(void **state) {
  (void)state;
  l.f.outcomes[1].fit_count = FIXTURE_BINS;
  l.f.outcomes[1].type = &fixture_forest;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_SINGLE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.5, 0.003}};
  ladder_fixture_plan(&l, plan, COUNT(plan), NULL);
  check_answer("en",
               "Global Ridge is the only model of all rows; the mixture adds nothing "
               "that can be told from chance with perfect routing: +0.0000 [-0.0030, "
               "+0.0030]. What the noise allows is not known.");
  check_answer("zh",
               "全局 Ridge 是唯一的全局模型；混合专家在完美路由下的增益与偶然无从区分："
               "+0.0000 [-0.0030, +0.0030]。噪声所允许的上限未知。");
}

/* On all rows the deployed hybrid is held against the single model once more. */
static void all_rows(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_SINGLE, "global_forest", 0.6, 0.02},
                                      {HR_RUNG_DEPLOYED, "ridge_oracle", 0.61, 0.004},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.62, 0.001}};
  static const struct {
    double deployed;
    const char *english, *chinese;
  } cases[] = {
      {0.58,
       " On all 300 test stars, those outside the bins too, the best single model is the "
       "better choice: Global Forest has an R² of 0.5900, the deployed hybrid of 0.5800, "
       "-0.0100 [-0.0140, -0.0060].",
       "在全部 300 颗测试恒星上（含分箱之外者），最佳单一模型反而更好：全局 Forest 的 R² "
       "为 "
       "0.5900，由门控路由的混合专家为 0.5800，差值 -0.0100 [-0.0140, -0.0060]。"},
      {0.591,
       " On all 300 test stars, those outside the bins too, the deployed hybrid and the "
       "best single model cannot be told apart: an R² of 0.5910 and, of Global Forest, "
       "of 0.5900, +0.0010 [-0.0030, +0.0050].",
       "在全部 300 颗测试恒星上（含分箱之外者），由门控路由的混合专家与最佳单一模型无从"
       "区分：R² 分别为 0.5910 与 0.5900（全局 Forest），差值 +0.0010 [-0.0030, "
       "+0.0050]。"},
      {0.6,
       " On all 300 test stars, those outside the bins too, the deployed hybrid is the "
       "better choice, with an R² of 0.6000 in place of 0.5900 (Global Forest), +0.0100 "
       "[+0.0060, +0.0140].",
       "在全部 300 颗测试恒星上（含分箱之外者），由门控路由的混合专家更好：R² 为 0.6000，"
       "最佳单一模型（全局 Forest）为 0.5900，差值 +0.0100 [+0.0060, +0.0140]。"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const planned_rung all[] = {
        {HR_RUNG_SINGLE, "global_forest", 0.59, 0},
        {HR_RUNG_DEPLOYED, "ridge_oracle", cases[i].deployed, 0.004}};
    ladder_fixture_plan(&l, plan, COUNT(plan), NULL);
    json_t *root = ladder_fixture_read(&l);
    json_t *told = planned_ladder(all, COUNT(all), NULL);
    json_object_set_new(told, "n", json_integer(300));
    json_object_set_new(json_object_get(root, "ladder"), "all", told);
    ladder_fixture_save(&l, root);
    check_end("en", cases[i].english);
    check_end("zh", cases[i].chinese);
  }
}

static void nothing_to_answer(void **state) {
  (void)state;
  ladder_fixture_write(&l);
  json_t *root = ladder_fixture_read(&l);
  json_t *rungs = json_object_get(json_object_get(root, "ladder"), "rungs");
  json_object_set_new(json_array_get(rungs, 2), "r2", json_null());
  ladder_fixture_save(&l, root);
  check_answer("en", "");
  root = ladder_fixture_read(&l);
  json_object_del(root, "ladder");
  ladder_fixture_save(&l, root);
  check_answer("en", "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(all_rungs),
      TEST(nothing_told_from_chance),
      TEST(losses),
      TEST(a_gain_and_a_loss),
      TEST(what_is_not_known),
      TEST(nobody_competes),
      TEST(models_of_all_rows_that_are_missing),
      TEST(one_model_of_all_rows),
      TEST(all_rows),
      TEST(nothing_to_answer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
