/* Table 2 and its parts. */
#include "report/tables.h"

#include "report/ladder_fixture.h"

static ladder_fixture l;
static hr_tables tables;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  ladder_fixture_init(&l);
  tables = (hr_tables){0};
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_tables_fini(&tables);
  scratch_fini(&l.s);
  return 0;
}

/* Where `is_beside`, the forest is a model from elsewhere that was not validated. */
static bool is_own; /* and not from elsewhere */

static void build_with(const char *language, bool is_beside) {
  hr_reader reader = {0};
  json_t *root = ladder_fixture_read(&l);
  json_t *forest = json_array_get(json_object_get(root, "experts"), 1);
  if (is_beside) {
    json_object_set_new(forest, "only_global", json_true());
    json_object_set_new(forest, "competes", json_false());
    if (is_own) json_object_set_new(forest, "elsewhere", json_false());
  }
  json_object_set_new(json_object_get(root, "experiment"), "language",
                      json_string(language));
  hr_tables_fini(&tables);
  check_ok(hr_reader_take(&reader, "results.json", root, &err));
  check_ok(hr_tables_init(&tables, &reader, &err));
  hr_reader_fini(&reader);
}

static void build(const char *language) {
  build_with(language, false);
}

static void check_markdown(hr_table_id id, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_table_write_markdown(&tables.items[id], &text);
  check_ok(hr_text_status(&text, &err));
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

static const planned_rung all_rungs[] = {
    {HR_RUNG_BASELINE, "global_ridge", 0.4853, 0},
    {HR_RUNG_SINGLE, "global_forest", 0.7599, 0.02},
    {HR_RUNG_DEPLOYED, "ridge_oracle", 0.7649, 0.004},
    {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.7661, 0.0011},
    {HR_RUNG_CEILING, "posterior", 0.7710, 0.003}};

static void in_english(void **state) {
  (void)state;
  ladder_fixture_plan(&l, all_rungs, 5, "cnn");
  build("en");
  check_markdown(
      HR_TABLE_LADDER,
      "**Table 2. The ladder: what of the gain comes from what, 206 covered rows [95 % "
      "interval]**\n\n"
      "| Rung | Method | R² | Step from below | What makes it |\n"
      "|---|---|---:|---:|---|\n"
      "| baseline | Global Ridge | 0.4853 [0.4653, 0.5053] | - |  |\n"
      "| best single model | Global Forest | 0.7599 [0.7399, 0.7799] | +0.2746 "
      "[+0.2546, +0.2946] | a better model |\n"
      "| hybrid, routed by a gate | Ridge-Oracle | 0.7649 [0.7449, 0.7849] | +0.0050 "
      "[+0.0010, +0.0090] | specialists, deployable |\n"
      "| hybrid, perfect routing | Oracle-Hybrid | 0.7661 [0.7461, 0.7861] | +0.0012 "
      "[+0.0001, +0.0023] | perfect routing |\n"
      "| what the noise allows | Posterior ceiling | 0.7710 [0.7510, 0.7910] | +0.0049 "
      "[+0.0019, +0.0079] | what is left to the noise |\n\n"
      "- The whole mixture, from the best single model to perfect routing: +0.0062 "
      "[+0.0051, +0.0073].\n"
      "- 1D-CNN has no model of all rows: part of the mixture's step may be the better "
      "model.\n\n");
  assert_string_equal(tables.items[HR_TABLE_OVERALL].title,
                      "Table 2 in detail. All bins together [95 % interval]");
}

static void in_chinese(void **state) {
  (void)state;
  ladder_fixture_plan(&l, all_rungs, 5, "cnn");
  build("zh");
  check_markdown(
      HR_TABLE_LADDER,
      "**表 2. 阶梯：增益从何而来，已覆盖的 206 行 [95 % 区间]**\n\n"
      "| 梯级 | 方法 | R² | 较下一级的增益 | 增益来自 |\n"
      "|---|---|---:|---:|---|\n"
      "| 基线 | 全局 Ridge | 0.4853 [0.4653, 0.5053] | - |  |\n"
      "| 最佳单一模型 | 全局 Forest | 0.7599 [0.7399, 0.7799] | +0.2746 [+0.2546, "
      "+0.2946] | 更好的模型 |\n"
      "| 混合专家，由门控路由 | Ridge（完美路由） | 0.7649 [0.7449, 0.7849] | +0.0050 "
      "[+0.0010, +0.0090] | 专家分工，可实际部署 |\n"
      "| 混合专家，完美路由 | 混合专家（完美路由） | 0.7661 [0.7461, 0.7861] | +0.0012 "
      "[+0.0001, +0.0023] | 完美路由 |\n"
      "| 噪声所允许的上限 | 后验上限 | 0.7710 [0.7510, 0.7910] | +0.0049 [+0.0019, "
      "+0.0079] | 距噪声上限的余量 |\n\n"
      "- 混合专家（完美路由）相对最佳单一模型的全部增益：+0.0062 [+0.0051, +0.0073]。\n"
      "- 1D-CNN 没有全局模型：混合专家这一步可能有一部分来自更好的模型。\n\n");
}

/* Without a gate and with the baseline's as the best model of all rows. */
static void a_rung_that_is_the_baseline(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_SINGLE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0.003}};
  ladder_fixture_plan(&l, plan, 3, NULL);
  build("en");
  check_markdown(
      HR_TABLE_LADDER,
      "**Table 2. The ladder: what of the gain comes from what, 206 covered rows [95 % "
      "interval]**\n\n"
      "| Rung | Method | R² | Step from below | What makes it |\n"
      "|---|---|---:|---:|---|\n"
      "| baseline | Global Ridge | 0.5000 [0.4800, 0.5200] | - |  |\n"
      "| best single model | Global Ridge | 0.5000 [0.4800, 0.5200] | +0.0000 [+0.0000, "
      "+0.0000] | no single model is better |\n"
      "| hybrid, perfect routing | Oracle-Hybrid | 0.6500 [0.6300, 0.6700] | +0.1500 "
      "[+0.1470, +0.1530] | the mixture with perfect routing |\n\n");
}

static const hr_cell *cell(hr_table_id id, size_t row, const char *key) {
  const hr_table *it = &tables.items[id];
  for (size_t c = 0; c < it->column_count; c++) {
    if (strcmp(it->columns[c].key, key) != 0) continue;
    return &it->cells[row * it->column_count + c];
  }
  fail_msg("no column %s", key);
  return NULL;
}

static double said(const json_t *part, const char *list, size_t item, const char *key) {
  const json_t *one = json_array_get(json_object_get(part, list), item);
  return json_number_value(json_object_get(one, key));
}

/* The parts, against the ladder that the study wrote: Ridge, the forest, the hybrid and
 * the ceiling. */
static void bins_and_octiles(void **state) {
  (void)state;
  fixture_give_variance(&l.f, 1);
  ladder_fixture_write(&l);
  build("en");
  json_t *root = ladder_fixture_read(&l);
  const json_t *ladder = json_object_get(root, "ladder");
  const struct {
    hr_table_id id;
    const char *list;
    size_t count;
  } cases[] = {{HR_TABLE_LADDER_BINS, "bins", FIXTURE_BINS},
               {HR_TABLE_LADDER_SNR, "octiles", 8}};
  for (size_t c = 0; c < 2; c++) {
    assert_int_equal(tables.items[cases[c].id].row_count, cases[c].count);
    for (size_t i = 0; i < cases[c].count; i++) {
      const json_t *part = json_array_get(json_object_get(ladder, cases[c].list), i);
      check_near(cell(cases[c].id, i, "n")->value,
                 json_number_value(json_object_get(part, "n")), 0);
      check_near(cell(cases[c].id, i, "single_r2")->value, said(part, "rungs", 1, "r2"),
                 0);
      check_near(cell(cases[c].id, i, "oracle_r2")->value, said(part, "rungs", 2, "r2"),
                 0);
      check_near(cell(cases[c].id, i, "mixture")->value,
                 said(part, "steps", 1, "delta_r2"), 0);
      check_near(cell(cases[c].id, i, "noise")->value, said(part, "steps", 2, "delta_r2"),
                 0);
    }
  }
  json_decref(root);
  assert_string_equal(tables.items[HR_TABLE_LADDER_BINS].title,
                      "What the mixture adds in each bin, ΔR² [95 % interval]");
  build("zh");
  assert_string_equal(tables.items[HR_TABLE_LADDER_SNR].title,
                      "各信噪比八分位中混合专家的增益 ΔR² [95 % 区间]");
}

static void nothing_to_show(void **state) {
  (void)state;
  static const planned_rung lone[] = {{HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0}};
  ladder_fixture_plan(&l, lone, 1, NULL);
  build("en");
  assert_int_equal(tables.items[HR_TABLE_LADDER].row_count, 1);
  assert_int_equal(tables.items[HR_TABLE_LADDER_BINS].row_count, 0);
  assert_int_equal(tables.items[HR_TABLE_LADDER_SNR].row_count, 0);
  json_t *root = ladder_fixture_read(&l);
  json_object_del(root, "ladder");
  ladder_fixture_save(&l, root);
  build("en");
  assert_int_equal(tables.items[HR_TABLE_LADDER].row_count, 0);
  assert_string_equal(tables.items[HR_TABLE_OVERALL].title,
                      "Table 2. All bins together [95 % interval]");
}

/* A better one may stand beside the ladder. */
static void no_validated_model_is_better(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_SINGLE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0.003}};
  ladder_fixture_plan(&l, plan, 3, NULL);
  const hr_table *table = &tables.items[HR_TABLE_LADDER];
  build_with("en", true);
  assert_string_equal(table->cells[table->column_count + 4].text,
                      "no validated model is better");
  build_with("zh", true);
  assert_string_equal(table->cells[table->column_count + 4].text,
                      "没有更好的经验证的模型");
}

/* What has a model of all rows and no other stands below the rungs: from elsewhere or one
 * of the study's own. */
static void models_of_all_rows_stand_beside(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0.003}};
  static const char *const words[] = {"model from elsewhere", "model of all rows",
                                      "全体样本的模型"};
  static const char *const codes[] = {"elsewhere", "whole", "whole"};
  ladder_fixture_plan(&l, plan, 2, NULL);
  const hr_table *table = &tables.items[HR_TABLE_LADDER];
  for (size_t i = 0; i < 3; i++) {
    is_own = i > 0;
    build_with(i < 2 ? "en" : "zh", true);
    assert_int_equal(table->row_count, 3);
    const hr_cell *last = table->cells + 2 * table->column_count;
    assert_string_equal(last[0].text, words[i]);
    assert_string_equal(last[0].code, codes[i]);
    assert_string_equal(last[1].code, "global_forest");
  }
  is_own = false;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(in_english),
      TEST(in_chinese),
      TEST(a_rung_that_is_the_baseline),
      TEST(bins_and_octiles),
      TEST(nothing_to_show),
      TEST(no_validated_model_is_better),
      TEST(models_of_all_rows_stand_beside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
