#include "headroom/report.h"

#include "core/file.h"
#include "report/tables.h"
#include "report/terminal.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void write_results(void) {
  check_ok(hr_results_write(&f.input, scratch_name(&s, "results.json"), NULL, &err));
}

/* A file of the run directory, freed by the caller. */
static char *file(const char *name) {
  static char *bytes; /* gcc 12 sees a dangling pointer in a local one */
  size_t size = 0;
  check_ok(hr_file_read(scratch_name(&s, name), 1 << 22, &bytes, &size, &err));
  return bytes;
}

static void check_holds(const char *text, const char *part) {
  if (!strstr(text, part)) print_error("'%s' is not in:\n%s\n", part, text);
  assert_non_null(strstr(text, part));
}

static void check_file_begins(const char *name, const char *beginning) {
  char *text = file(name);
  if (strncmp(text, beginning, strlen(beginning)) != 0) print_error("%s\n", text);
  assert_int_equal(strncmp(text, beginning, strlen(beginning)), 0);
  hr_text_free(text);
}

static void count_line(void *context, hr_log_level level, const char *line) {
  assert_int_equal(level, HR_LOG_INFO);
  assert_int_equal(strncmp(line, "wrote ", 6), 0);
  ++*(int *)context;
}

static void test_files_are_written(void **state) {
  (void)state;
  int lines = 0;
  const hr_observer observer = {.context = &lines, .log = count_line};
  write_results();
  check_ok(hr_report_write(s.path, &observer, &err));
  assert_int_equal(lines, 13);
  check_file_begins("tables/samples.csv",
                    "bin,name,n_train,n_test,at_risk,focus\n"
                    "0,Cool Poor,900,68,True,False\n"
                    "1,Mid Poor,1000,69,False,True\n"
                    "2,\"Hot, \"\"Rich\"\"\",1100,69,False,False\n"
                    ",Uncovered,300,34,,\n"
                    ",Total,3300,240,,\n");
  check_file_begins("tables/table1_bins.csv",
                    "bin,name,ridge_r2,ridge_r2_low,ridge_r2_high,ridge_alpha,forest_r2,"
                    "forest_r2_low,forest_r2_high,cnn_r2,cnn_r2_low,cnn_r2_high,best,"
                    "delta_r2,delta_r2_low,delta_r2_high\n"
                    "0,Cool Poor,0.");
  check_file_begins("tables/table2_overall.csv",
                    "method,rows,n,r2_pooled,r2_pooled_low,r2_pooled_high,r2_weighted,"
                    "delta_r2,delta_r2_low,delta_r2_high,versus,mae,rmse,bias,notes\n"
                    "global_ridge,covered,206,0.");
  check_file_begins("tables/table2_ladder.csv",
                    "rung,method,r2,r2_low,r2_high,delta_r2,delta_r2_low,delta_r2_high,"
                    "step\nbaseline,global_ridge,0.");
  check_file_begins("tables/ladder_bins.csv",
                    "bin,name,n,single_r2,oracle_r2,mixture,mixture_low,mixture_high\n"
                    "0,Cool Poor,68,-1.4");
  check_file_begins("tables/ladder_snr.csv",
                    "octile,snr_low,snr_high,n,single_r2,oracle_r2,mixture,mixture_low,"
                    "mixture_high\n1,3.0");
  check_file_begins("tables/snr_octiles.csv",
                    "octile,snr_low,snr_high,n,global_ridge,ridge_oracle,forest_oracle,"
                    "ridge_oracle_test,oracle_hybrid_cv,oracle_hybrid_test\n1,3.0");
  check_file_begins("tables/snr_octiles_all.csv",
                    "octile,snr_low,snr_high,n,global_ridge\n1,");
  check_file_begins("tables/experts.csv",
                    "expert,setting,uses_error,status\nridge,alpha,False,ok\n"
                    "forest,,False,ok\ncnn,,False,unavailable\n");
  check_file_begins("tables/gate.csv",
                    "criterion,value,value_low,value_high,threshold,verdict,next\n"
                    "oracle_r2,0.");
  check_file_begins("report.md", "# TEST-01\n\nTarget: `log_g`.");
}

static void test_english_report(void **state) {
  (void)state;
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text, "## 1. Summary\n");
  check_holds(text, "## 2. Data\n");
  check_holds(text, "## 3. Results\n");
  check_holds(text, "## 4. Method\n");
  check_holds(text, "## 5. Ledger\n");
  check_holds(text,
              "Routed by the true labels, the Oracle-Hybrid reaches a pooled R² on 206 "
              "covered test rows of 0.");
  check_holds(text,
              "Of 3300 training rows, 300 have labels outside the bins (uncovered); of "
              "240 test rows, 34.");
  check_holds(text, "Reference values from outside (R²): vit 0.7000.\n");
  check_holds(text, "| Global Ridge | covered | 206 |");
  check_holds(text, "- 1D-CNN: this expert is not part of this build.\n");
  check_holds(text,
              "\n\n**Is it the mixture?** Global Ridge is the only model of all "
              "rows; the mixture adds +0.");
  check_holds(text, "\n**Table 2. The ladder: what of the gain comes from what, 206 ");
  check_holds(text, "\n**Table 2 in detail. All bins together");
  check_holds(text, "\n**What the mixture adds in each bin, ΔR²");
  check_holds(text, "\n**What the mixture adds by octile of signal-to-noise ratio");
  check_holds(text, "\nContents: [1. Summary](#1-summary) · [2. Data](#2-data) · ");
  check_holds(text, "\nThe accounts balance: all ");
  check_holds(text,
              "Each of them with its numbers is in `ledger.checks` of "
              "`results.json`.\n");
  check_holds(text, "\n![Figure 5. True and predicted values");
  check_holds(text, "](figures/ceiling_hybrid_pred_vs_true.png)\n");
  check_holds(text, "5 flux pixels below 0 were clipped");
  hr_text_free(text);
}

/* An expert that is nowhere is among what is to be distrusted. */
static void test_a_lost_expert_is_told(void **state) {
  (void)state;
  static const char *const said[][2] = {
      {"en",
       "**Warning: no model of 1D-CNN.** this expert is not part of this "
       "build.\n"},
      {"zh", "**警告：没有模型的专家：1D-CNN。** 本版本未包含该专家。\n"}};
  for (size_t i = 0; i < 2; i++) {
    f.input.language = said[i][0];
    write_results();
    check_ok(hr_report_write(s.path, NULL, &err));
    char *text = file("report.md");
    check_holds(text, said[i][1]);
    hr_text_free(text);
  }
}

static void test_chinese_report(void **state) {
  (void)state;
  f.input.language = "zh";
  f.input.snr = NULL;
  f.input.outcome_count = 1;
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text, "## 3. 结果\n");
  check_holds(text,
              "按真实标签路由时，混合专家在已覆盖的 206 行测试光谱上的合并 R² 为 0.");
  check_holds(text,
              "训练集共 3300 行，其中 300 行的标签在分箱边界之外（未覆盖）；测试集共 240 "
              "行，其中 34 行未覆盖。");
  check_holds(text, "测试集没有含数值的 `snr` 列");
  check_holds(text, "\n\n**增益来自混合专家吗？** 全局 Ridge 是唯一的全局模型；混合专家");
  check_holds(text, "只有一种专家可用");
  check_holds(text, "\n目录：[1. 摘要](#1-摘要) · ");
  check_holds(text, "## 1. 摘要\n");
  check_holds(text, "账目平衡：");
  check_holds(text, "。每一项及其数字见 `results.json` 的 `ledger.checks`。\n");
  hr_text_free(text);
  assert_int_not_equal(access(scratch_name(&s, "tables/snr_octiles.csv"), F_OK), 0);
}

/* One row without, one infinite: the table stays, and says how many it has not. */
static void test_rows_without_snr_are_left_out(void **state) {
  (void)state;
  size_t seen = 0;
  for (size_t i = 0; i < FIXTURE_ROWS && seen < 2; i++) {
    if (f.test.bin[i] >= 0) f.snr[i] = seen++ == 0 ? (double)NAN : HUGE_VAL;
  }
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text,
              "R² by octile of signal-to-noise ratio, covered rows; 2 without snr left "
              "out");
  hr_text_free(text);
  assert_int_equal(access(scratch_name(&s, "tables/snr_octiles.csv"), F_OK), 0);
}

static void test_selection_on_test_rows_is_said(void **state) {
  (void)state;
  f.input.selection = HR_SELECT_BY_TEST;
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text, "Note that settings and experts were chosen on the test rows");
  check_holds(text, "the Ridge-Oracle (test) it is held against");
  hr_text_free(text);
}

static void test_terminal_lines_fit(void **state) {
  (void)state;
  char *text = NULL;
  write_results();
  check_ok(hr_report_text(s.path, &text, &err));
  check_holds(text, "Table 1. R² per bin on the test rows [95 % interval]\n");
  check_holds(text, "     Total              3300        240\n");
  check_holds(text,
              "1: Chosen on the very test rows it is scored on: optimistic, for "
              "comparison only.");
  for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
    assert_in_range(hr_text_width(line), 0, HR_TERMINAL_COLUMNS);
    if (line[0]) assert_int_not_equal(line[strlen(line) - 1], ' ');
  }
  hr_text_free(text);
}

static void test_nobody_at_all(void **state) {
  (void)state;
  for (size_t t = 0; t < FIXTURE_RIDGE_FITS; t++) {
    fixture_end(&f, &f.ridge[t], HR_FIT_FAILED);
    snprintf(f.ridge[t].note, sizeof f.ridge[t].note, "the system is singular");
  }
  f.input.outcome_count = 1;
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text, "| 0 | Cool Poor | - | - | - |\n");
  check_holds(text, "- Bin 2, Ridge: the system is singular\n");
  hr_text_free(text);
}

/* Takes one key out of results.json and gives the sentence of the refusal. */
static void check_refused(const char *key, const char *replacement, hr_status expected,
                          const char *sentence) {
  char message[8192];
  write_results();
  char *text = file("results.json");
  char *place = strstr(text, key);
  assert_non_null(place);
  assert_int_equal(strlen(key), strlen(replacement));
  memcpy(place, replacement, strlen(key));
  scratch_write(&s, "results.json", text);
  hr_text_free(text);
  snprintf(message, sizeof message, "%s%s", scratch_name(&s, "results.json"), sentence);
  check_fails(hr_report_write(s.path, NULL, &err), expected, message);
  assert_int_not_equal(access(scratch_name(&s, "report.md"), F_OK), 0);
}

static void test_incomplete_results_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *key, *other, *place;
  } cases[] = {
      {"\"n_train\"", "\"x_train\"", "bins[0].n_train is missing or not a number"},
      {"\"hybrid\"", "\"xybrid\"", "bins[0].hybrid is missing or not an object"},
      {"\"r2_ci\"", "\"r2_xi\"", "bins[0].experts.ridge.r2_ci is missing or not a list"},
      {"\"overall\"", "\"xverall\"", "overall is missing or not a list"},
      {"\"verdict\"", "\"xerdict\"", "gate[0].verdict is missing or not a text"},
      {"\"snr_low\"", "\"xnr_low\"",
       "snr_octiles.octiles[0].snr_low is missing or not a number"},
      {"\"draws\"", "\"xraws\"", "bootstrap.draws is missing or not a number"},
      {"\"baselines\"", "\"xaselines\"", "baselines is missing or not a list"},
      {"\"gate_passed\"", "\"xate_passed\"",
       "gate_passed is missing or not true or false"},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    char sentence[256];
    snprintf(sentence, sizeof sentence, ": %s; run the study again with this version",
             cases[c].place);
    check_refused(cases[c].key, cases[c].other, HR_ERR_FORMAT, sentence);
  }
}

static void test_a_broken_ledger_is_refused(void **state) {
  (void)state;
  check_refused(
      "\"ok\": true,\n  \"checks\"", "\"ok\":false,\n  \"checks\"", HR_ERR_LEDGER,
      ": the accounts do not balance at ledger.ok; its numbers are not reported");
}

static void test_no_results(void **state) {
  (void)state;
  char *text = NULL, message[8192];
  snprintf(message, sizeof message, "cannot open %s: No such file or directory",
           scratch_name(&s, "results.json"));
  check_fails(hr_report_text(s.path, &text, &err), HR_ERR_MISSING, message);
  assert_null(text);
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  char *text = NULL;
  f.input.outcome_count = 1;
  f.input.snr = NULL;
  write_results();
  /* Figures take their time: past the first hundred, not every allocation is tried. */
  hr_status status = HR_ERR_MEMORY;
  for (size_t n = 1; status != HR_OK; n += 1 + n / 100 * 7) {
    fail_alloc_at(n);
    status = hr_report_write(s.path, NULL, NULL);
    fail_alloc_at(0);
    if (status != HR_OK) assert_int_equal(status, HR_ERR_MEMORY);
  }
  check_alloc_failures(hr_report_text(s.path, &text, NULL));
  hr_text_free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

static void test_the_ceiling_is_shown(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.variance[i] = 4;
  fixture_give_bound(&f, 0.25, 0.5);
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  check_file_begins(
      "tables/ceiling.csv",
      "method,rows,r2_max,r2_max_low,r2_max_high,efficiency,excess,"
      "excess_low,excess_high,fisher_efficiency\nglobal_ridge,all,,,,,,,,0.");
  check_file_begins("tables/ceiling_bins.csv",
                    "bin,name,n,ceiling,ceiling_low,ceiling_high,fisher,fisher_low,"
                    "fisher_high,global_ridge,ridge_oracle,forest_oracle,"
                    "ridge_oracle_test,oracle_hybrid_cv,oracle_hybrid_test\n"
                    "0,Cool Poor,68,");
  check_file_begins("tables/snr_octiles.csv",
                    "octile,snr_low,snr_high,n,global_ridge,ridge_oracle,forest_oracle,"
                    "ridge_oracle_test,oracle_hybrid_cv,oracle_hybrid_test,ceiling,"
                    "ceiling_low,ceiling_high,fisher,fisher_low,fisher_high\n1,");
  char *text = file("report.md");
  check_holds(text, "\n**What the noise allows.** Posterior: R² at most -");
  check_holds(text,
              " with the bin known (covered rows), - with it unknown (all rows). "
              "Fisher bound: 0.");
  check_holds(text,
              "- Warning: the R² of Forest-Oracle is above the posterior ceiling, the "
              "most that the noise allows, by more than its interval: a leak, a prior or "
              "errors that are not the data's, or too few templates.\n");
  check_holds(text, "- Warning: the R² of Forest-Oracle in bin 1 is above the posterior");
  check_holds(text,
              "- The Fisher bound is from the built-in model grid, which is 2.5 % of "
              "the median flux (rms, median row) away from the clean test spectra; "
              "the labels of 7 test rows are not within it.\n");
  check_holds(text,
              "- The Fisher bound's prior is a Gaussian with the covariance of the "
              "training rows' labels.\n");
  check_holds(text, "- A method's column is its R² over the posterior ceiling.\n");
  hr_text_free(text);
}

/* Of labels on a lattice Fisher's is no ceiling; and there is a table by nodes. */
static void test_the_ceiling_on_a_lattice(void **state) {
  (void)state;
  static double train[3300];
  for (size_t i = 0; i < 3300; i++) train[i] = 2 + 0.5 * (double)(i % 9);
  for (size_t i = 0; i < FIXTURE_ROWS; i += 2) f.target[i] = 3;
  f.input.train_target = train;
  f.outcomes[1].prior = HR_PRIOR_TRAINING;
  fixture_fits(&f);
  fixture_give_variance(&f, 1);
  fixture_give_bound(&f, 0.25, 0.5);
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text,
              "- The posterior's prior is the distribution of the training rows' labels "
              "themselves, with their nodes where they have some.\n");
  check_holds(text,
              "Here labels are on nodes, so it is no ceiling on these data: who knows "
              "the nodes may be above it.\n");
  check_holds(text, "**On nodes of the training labels and off them, covered rows");
  hr_text_free(text);
  text = file("tables/lattice.csv");
  check_holds(text, "method,labels,n,r2,r2_low,r2_high,mae,mae_low,mae_high\n");
  check_holds(text, ",on_nodes,");
  hr_text_free(text);
}

static void test_the_ceiling_in_chinese(void **state) {
  (void)state;
  f.input.language = "zh";
  fixture_give_variance(&f, 4);
  f.input.fisher_note = "the spectra have 256 pixels";
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text, "\n**噪声的上限。** 后验上限：R² 至多 ");
  check_holds(text, "- 没有 Fisher 界：the spectra have 256 pixels。\n");
  check_holds(text, "- 警告：Forest（完美路由）的 R² 高于后验上限");
  check_holds(text, "- 警告：Forest（完美路由）的 R² 在分箱 1 中高于后验上限");
  check_holds(text, "- 各方法列为其 R² 占后验上限的比例。\n");
  hr_text_free(text);
}

/* Fisher's alone, and lines that still fit. */
static void test_fisher_alone_is_shown(void **state) {
  (void)state;
  char *text = NULL;
  fixture_give_bound(&f, 0.25, 0.5);
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  check_file_begins("tables/ceiling_bins.csv",
                    "bin,name,n,fisher,fisher_low,fisher_high,global_ridge,");
  check_ok(hr_report_text(s.path, &text, &err));
  check_holds(text, "A method's column is its R² over the Fisher bound.\n");
  for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
    assert_in_range(hr_text_width(line), 0, HR_TERMINAL_COLUMNS);
  }
  hr_text_free(text);
}

/* What a study asked for is no doubt of its data. */
static void test_rows_without_a_label_are_no_doubt(void **state) {
  (void)state;
  hr_doubts doubts = {0};
  check_ok(hr_doubts_add(&doubts, HR_DOUBT_UNLABELLED, false, &err, "7 rows have none"));
  check_ok(hr_doubts_add(&doubts, HR_DOUBT_OUTSIDE, false, &err, "3 have no sigma"));
  check_ok(hr_doubts_add(&doubts, HR_DOUBT_CLIP, false, &err, "much is below 0"));
  check_ok(hr_doubts_add(&doubts, HR_DOUBT_OUTSIDE_TRUTH, false, &err, "all are it"));
  f.input.doubts = &doubts;
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text,
              "**Warning: rows without a label are left out.** 7 rows have none.\n");
  check_holds(text,
              "**Warning: a model from elsewhere says nothing of some rows.** 3 "
              "have no sigma.\n");
  check_holds(text, "**Warning: the data are in doubt.** much is below 0.\n");
  check_holds(text,
              "**Warning: predictions of a model from elsewhere may be the truth.** all "
              "are it.\n");
  hr_text_free(text);
  hr_doubts_fini(&doubts);
}

/* A title is read as it is: in Markdown, on the page made of it, on a terminal. */
static void test_titles_are_no_markup(void **state) {
  (void)state;
  hr_method type = fixture_forest;
  type.title = "a|b <b>x</b> & *y*";
  f.outcomes[1].type = &type;
  fixture_give_sigma(&f, 0.5);
  fixture_give_draws(&f, 1);
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  assert_null(strstr(text, "a|b"));
  check_holds(text,
              "**Warning: the σ of a\\|b \\<b>x\\</b> \\& \\*y\\*-Oracle is too small**");
  check_holds(text,
              "a\\|b \\<b>x\\</b> \\& \\*y\\*: the ranks of the truth among its draws");
  hr_text_free(text);
  text = file("report.html");
  assert_null(strstr(text, "<b>x"));
  assert_null(strstr(text, "\\<b"));
  check_holds(
      text,
      "<strong>Warning: the σ of a|b &lt;b&gt;x&lt;/b&gt; &amp; *y*-Oracle is too "
      "small</strong>");
  hr_text_free(text);
  check_ok(hr_report_text(s.path, &text, &err));
  assert_null(strstr(text, "\\|"));
  check_holds(text, "a|b <b>x</b> & *y*-Oracle");
  hr_text_free(text);
}

static void test_who_knows_the_error_is_told(void **state) {
  (void)state;
  hr_method type = fixture_forest;
  type.uses_error = true;
  f.outcomes[1].type = &type;
  write_results();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  check_holds(text, "| Expert | Setting | uses_error | Status |\n");
  check_holds(text, "| Ridge | alpha | no | ok |\n| Forest | - | yes | ok |\n");
  check_holds(text,
              "- uses_error: whether the expert is given the error σ of every "
              "pixel.\n");
  hr_text_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_files_are_written),
      TEST(test_who_knows_the_error_is_told),
      TEST(test_titles_are_no_markup),
      TEST(test_rows_without_a_label_are_no_doubt),
      TEST(test_the_ceiling_is_shown),
      TEST(test_the_ceiling_on_a_lattice),
      TEST(test_the_ceiling_in_chinese),
      TEST(test_fisher_alone_is_shown),
      TEST(test_english_report),
      TEST(test_chinese_report),
      TEST(test_a_lost_expert_is_told),
      TEST(test_rows_without_snr_are_left_out),
      TEST(test_selection_on_test_rows_is_said),
      TEST(test_terminal_lines_fit),
      TEST(test_nobody_at_all),
      TEST(test_incomplete_results_are_refused),
      TEST(test_a_broken_ledger_is_refused),
      TEST(test_no_results),
      TEST(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
