/* The tables of the gates. */
#include "report/tables.h"

#include "report/gates_fixture.h"

static gates_fixture g;
static hr_tables tables;
static hr_error err;
static const char *taken; /* from elsewhere by perfect routing; or NULL */

static int prepare(void **state) {
  (void)state;
  gates_fixture_init(&g);
  tables = (hr_tables){0};
  taken = NULL;
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_tables_fini(&tables);
  scratch_fini(&g.l.s);
  return 0;
}

static void build(const char *language) {
  hr_reader reader = {0};
  json_t *root = ladder_fixture_read(&g.l);
  if (taken) {
    json_object_set_new(json_object_get(root, "ladder"), "from_elsewhere",
                        json_pack("[s]", taken));
  }
  json_object_set_new(json_object_get(root, "experiment"), "language",
                      json_string(language));
  check_ok(hr_reader_take(&reader, "results.json", root, &err));
  check_ok(hr_tables_init(&tables, &reader, &err));
  hr_reader_fini(&reader);
}

static void check_begins(hr_table_id id, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_table_write_markdown(&tables.items[id], &text);
  check_ok(hr_text_status(&text, &err));
  if (strncmp(text.bytes, expected, strlen(expected)) != 0) {
    print_error("%s\n", text.bytes);
  }
  assert_int_equal(strncmp(text.bytes, expected, strlen(expected)), 0);
  hr_text_fini(&text);
}

static void in_english(void **state) {
  (void)state;
  ladder_fixture_write(&g.l);
  build("en");
  check_begins(
      HR_TABLE_GATES,
      "**Routing without the truth: the gates, 206 covered rows [95 % interval]**\n\n"
      "| Gate | Told the error | Accuracy | Log-loss | ECE | Temperature | Mixing | R² | "
      "ρ |\n"
      "|---|---|---:|---:|---:|---:|---|---:|---:|\n"
      "| Bayes gate | yes | 0.3301 [0.2695, 0.3969] | 0.8065 | 0.4689 | 1.00 | soft | ");
  check_begins(HR_TABLE_GATES_MIXING,
               "**Every way of mixing with each gate [95 % interval]**\n\n"
               "| Gate | Models | Mixing | R² | ρ |\n"
               "|---|---|---|---:|---:|\n"
               "| Bayes gate | the hybrid's | soft | ");
  assert_int_equal(tables.items[HR_TABLE_GATES].row_count, 2);
  assert_int_equal(tables.items[HR_TABLE_GATES_MIXING].row_count, 3);
}

static void in_chinese(void **state) {
  (void)state;
  ladder_fixture_write(&g.l);
  build("zh");
  check_begins(HR_TABLE_GATES,
               "**不知真值的路由：各门控，已覆盖的 206 行 [95 % 区间]**\n\n"
               "| 门控 | 使用误差 | 准确率 | 对数损失 | ECE | 温度 | 混合方式 | R² | ρ "
               "|\n"
               "|---|---|---:|---:|---:|---:|---|---:|---:|\n"
               "| 贝叶斯门控 | 是 | 0.3301 [0.2695, 0.3969] | 0.8065 | 0.4689 | 1.00 | "
               "软混合 | ");
  check_begins(HR_TABLE_GATES_MIXING,
               "**各门控的每种混合方式 [95 % 区间]**\n\n"
               "| 门控 | 模型 | 混合方式 | R² | ρ |\n"
               "|---|---|---|---:|---:|\n"
               "| 贝叶斯门控 | 混合专家 | 软混合 | ");
}

static void none(void **state) {
  (void)state;
  g.l.f.input.gated_count = 0;
  g.l.f.input.gate_count = 0;
  ladder_fixture_write(&g.l);
  build("en");
  assert_int_equal(tables.items[HR_TABLE_GATES].row_count, 0);
  assert_int_equal(tables.items[HR_TABLE_GATES_MIXING].row_count, 0);
}

static void why_rho_is_undefined(void **state) {
  (void)state;
  ladder_fixture_write(&g.l);
  build("en");
  const hr_table *table = &tables.items[HR_TABLE_GATES];
  assert_int_equal(table->notes.count, 3);
  assert_non_null(strstr(table->notes.items[1],
                         "; undefined (-) where that gain is too small. The first"));
  hr_tables_fini(&tables);
  taken = "forest";
  build("en");
  assert_non_null(strstr(table->notes.items[1],
                         "; undefined (-) where that gain is too small, and where "
                         "perfect routing takes a model from elsewhere, as here, which "
                         "no gate routes to. The first gate is the one deployed."));
  hr_tables_fini(&tables);
  build("zh");
  assert_non_null(strstr(table->notes.items[1],
                         "该增益过小时无定义（-）；完美路由用到在别处训练的模型时亦然（"
                         "此处即是），门控不路由到它。第一个门控"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(in_english), TEST(in_chinese), TEST(none),
                                     TEST(why_rho_is_undefined)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
