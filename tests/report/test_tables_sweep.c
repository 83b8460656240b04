/* The tables of a sweep, to the letter. */
#include "report/sweep_fixture.h"

static sweep_fixture f;
static hr_sweep sweep;
static hr_table table;
static hr_error err;

static void begin(const char *language) {
  sweep_fixture_init(&f, language);
  f.troubles[1] = "no bin has a model of forest"; /* and yet results */
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
}

static void end(void) {
  hr_table_fini(&table);
  table = (hr_table){0};
  hr_sweep_fini(&sweep);
  sweep_fixture_fini(&f);
}

static void check_rungs(const char *expected) {
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_sweep_build_rungs(&sweep, &table, &err));
  hr_table_write_markdown(&table, &text);
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

static void a_line_a_point(void **state) {
  (void)state;
  begin("en");
  check_rungs(
      "**log_g: R² against data.rows, covered test rows [95 % interval]**\n\n"
      "| data.rows | Training rows | baseline | best single model | hybrid, "
      "routed by a gate | hybrid, perfect routing | what the noise allows |\n"
      "|---|---:|---:|---:|---:|---:|---:|\n"
      "| 1000 | 3300 | 0.5000 [0.4800, 0.5200] | 0.5625 [0.5425, 0.5825] | "
      "0.6250 [0.6050, 0.6450] | 0.6875 [0.6675, 0.7075] | 0.7500 [0.7300, "
      "0.7700] |\n"
      "| 200 | 3300 | 0.5312 [0.5112, 0.5513] | 0.5938 [0.5737, 0.6138] | "
      "0.6562 [0.6362, 0.6763] | 0.7188 [0.6987, 0.7388] | 0.7812 [0.7612, "
      "0.8013] |\n"
      "| 5000 | 3300 | 0.5625 [0.5425, 0.5825] | 0.6250 [0.6050, 0.6450] | "
      "0.6875 [0.6675, 0.7075] | 0.7500 [0.7300, 0.7700] | 0.8125 [0.7925, "
      "0.8325] |\n"
      "| 7 |  | - | - | - | - | - |\n\n"
      "- baseline: Global Ridge\n"
      "- best single model: Global Forest (1000), Global Ridge (200), Global "
      "Forest (5000)\n"
      "- hybrid, routed by a gate: Hybrid, logistic gate\n"
      "- hybrid, perfect routing: Oracle-Hybrid\n"
      "- what the noise allows: Posterior ceiling\n"
      "- data.rows=200: no bin has a model of forest\n"
      "- data.rows=7 has no results: the disk is full\n\n");
  end();
}

/* Points of other rows, and of noise that test rows do not have. */
static void doubts_stand_below(void **state) {
  (void)state;
  begin("en");
  sweep.key = "noise.level";
  sweep.has_stored_noise = true;
  for (size_t l = 0; l < sweep.points[1].line_count; l++) {
    sweep.points[1].lines[l].row_count = 17;
  }
  check_ok(hr_sweep_build_rungs(&sweep, &table, &err));
  size_t notes = table.notes.count;
  assert_true(notes > 4);
  assert_string_equal(table.notes.items[notes - 4],
                      "Points are scored on other test rows (17 to 206): their R² are of "
                      "other stars and cannot be compared.");
  assert_string_equal(table.notes.items[notes - 3],
                      "Only the training rows' noise changes: test rows keep that of "
                      "their file; with data.noise.test: generated both do.");
  hr_table_fini(&table);
  sweep.has_stored_noise = false;
  sweep.has_unseen_noise = true;
  check_ok(hr_sweep_build_rungs(&sweep, &table, &err));
  assert_int_equal(table.notes.count, notes);
  assert_string_equal(table.notes.items[notes - 3],
                      "Models from elsewhere that are given by their predictions did not "
                      "see the noise drawn for test rows here: their lines do not change "
                      "with it.");
  end();
}

static void in_chinese(void **state) {
  (void)state;
  begin("zh");
  check_rungs(
      "**log_g：R² 随 data.rows 的变化，已覆盖的测试行 [95 % 区间]**\n\n"
      "| data.rows | 训练行数 | 基线 | 最佳单一模型 | 混合专家，由门控路由 | "
      "混合专家，完美路由 | 噪声所允许的上限 |\n"
      "|---|---:|---:|---:|---:|---:|---:|\n"
      "| 1000 | 3300 | 0.5000 [0.4800, 0.5200] | 0.5625 [0.5425, 0.5825] | "
      "0.6250 [0.6050, 0.6450] | 0.6875 [0.6675, 0.7075] | 0.7500 [0.7300, "
      "0.7700] |\n"
      "| 200 | 3300 | 0.5312 [0.5112, 0.5513] | 0.5938 [0.5737, 0.6138] | "
      "0.6562 [0.6362, 0.6763] | 0.7188 [0.6987, 0.7388] | 0.7812 [0.7612, "
      "0.8013] |\n"
      "| 5000 | 3300 | 0.5625 [0.5425, 0.5825] | 0.6250 [0.6050, 0.6450] | "
      "0.6875 [0.6675, 0.7075] | 0.7500 [0.7300, 0.7700] | 0.8125 [0.7925, "
      "0.8325] |\n"
      "| 7 |  | - | - | - | - | - |\n\n"
      "- 基线：全局 Ridge\n"
      "- 最佳单一模型：全局 Forest（1000）、全局 Ridge（200）、全局 Forest（5000）\n"
      "- 混合专家，由门控路由：混合专家（逻辑回归门控）\n"
      "- 混合专家，完美路由：混合专家（完美路由）\n"
      "- 噪声所允许的上限：后验上限\n"
      "- data.rows=200：no bin has a model of forest\n"
      "- data.rows=7 没有结果：the disk is full\n\n");
  end();
}

/* Line number i (from 0) of the text begins with `beginning`. */
static void check_line(const char *text, size_t i, const char *beginning) {
  for (; i > 0; i--) text = strchr(text, '\n') + 1;
  char line[512];
  snprintf(line, sizeof line, "%.*s", (int)strlen(beginning), text);
  assert_string_equal(line, beginning);
}

static void all_lines_of_all_points(void **state) {
  (void)state;
  hr_text csv;
  hr_text_init(&csv);
  begin("en");
  check_ok(hr_sweep_build_lines(&sweep, &table, &err));
  hr_table_write_csv(&table, &csv);
  size_t lines = sweep.points[0].line_count;
  assert_int_equal(table.row_count, 3 * lines + 1);
  check_line(csv.bytes, 0,
             "value,n_train,rung,method,title,rows,n,r2,r2_low,r2_high,trouble\n");
  check_line(csv.bytes, 1, "1000,");
  check_line(csv.bytes, 1 + lines, "200,");
  check_line(csv.bytes, 1 + 3 * lines, "7,,,,,,,,,,the disk is full\n");
  hr_text_fini(&csv);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_a_point),
      cmocka_unit_test(doubts_stand_below),
      cmocka_unit_test(in_chinese),
      cmocka_unit_test(all_lines_of_all_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
