#include "config/config.h"

#include "methods/cnn/cnn.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/line_index/line_index.h"
#include "methods/ridge/leakage.h"
#include "methods/ridge/marginal.h"
#include "methods/ridge/placebo.h"
#include "methods/ridge/ridge.h"
#include "methods/vit/vit.h"
#include "support/config_checks.h"
#include "support/fail_alloc.h"

static void check_numbers(const hr_numbers *list, const double *expected, size_t count) {
  assert_int_equal(list->count, count);
  for (size_t i = 0; i < count; i++) check_near(list->items[i], expected[i], 0);
}

static void check_study_grid(const hr_config *c, size_t focus_count) {
  static const char *const names[] = {"Cool Poor", "Cool Solar", "Cool Rich",
                                      "Mid Poor",  "Mid Solar",  "Mid Rich",
                                      "Hot Poor",  "Hot Solar",  "Hot Rich"};
  check_numbers(&c->binning.T_eff, (double[]){3750, 4500, 5250, 6000}, 4);
  check_numbers(&c->binning.M_H, (double[]){-2, -1, 0, 0.5}, 4);
  check_numbers(&c->binning.focus, (double[]){3, 6}, focus_count);
  assert_int_equal(c->binning.bin_count, 9);
  for (size_t k = 0; k < 9; k++) assert_string_equal(c->binning.names[k], names[k]);
  assert_string_equal(c->binning.uncovered, "exclude");
  assert_true(c->binning.at_risk_below == 1000);
}

static void check_gate(const hr_config *c) {
  check_near(c->gate.oracle_r2, 0.70, 0);
  check_near(c->gate.delta_r2, 0.05, 0);
  check_near(c->gate.insufficient_below, 0.65, 0);
  check_near(c->gate.focus_delta_r2, 0.05, 0);
}

static void check_all_alphas(const void *parameters) {
  const hr_ridge_parameters *ridge = parameters;
  check_numbers(&ridge->alpha, (double[]){1, 10, 100, 1e3, 1e4, 1e5, 1e6}, 7);
}

static void test_defaults(void **state) {
  (void)state;
  hr_config *c = accept(HEAD);
  assert_true(c->figures.titles);
  assert_string_equal(c->path, "s.yaml");
  assert_string_equal(c->experiment.id, "E");
  assert_string_equal(c->experiment.language, "en");
  assert_string_equal(c->data.root, "/base");
  assert_int_equal(c->data.target.count, 1);
  assert_string_equal(c->data.target.items[0], "log_g");
  assert_int_equal(c->data.train_paths.count, 1);
  assert_string_equal(c->data.train_paths.items[0], "/base/a.h5");
  assert_string_equal(c->data.test_path, "/base/t.h5");
  check_near(c->data.noise.level, 1, 0);
  assert_true(c->data.noise.seed == 42);
  assert_string_equal(c->data.noise.test, "stored");
  check_study_grid(c, 0);
  assert_string_equal(c->selection.by, "cv");
  assert_true(c->selection.folds == 5);
  assert_true(c->selection.seed == 42);
  assert_true(c->run.memory_mib == 4096);
  assert_true(c->run.block_rows == 0);
  check_gate(c);
  assert_int_equal(c->expert_count - c->control_count, 1);
  assert_ptr_equal(c->experts[0].type, &hr_ridge_method);
  const hr_ridge_parameters *ridge = c->experts[0].parameters;
  assert_int_equal(ridge->alpha.count, 0); /* auto */
  assert_int_equal(c->baseline_count, 0);
  assert_int_equal(c->page_count, 0);
  hr_config_destroy(&c);
  assert_null(c);
  hr_config_destroy(&c);
}

/* Controls stand behind the experts; the placebo has Ridge's alphas. */
static void test_controls(void **state) {
  (void)state;
  hr_config *c = accept_rest("experts: {posterior: , ridge: {alpha: [2, 3]}}\n");
  assert_int_equal(c->expert_count, 4);
  assert_int_equal(c->control_count, 2);
  assert_ptr_equal(c->experts[2].type, &hr_placebo_method);
  const hr_ridge_parameters *placebo = c->experts[2].parameters;
  check_numbers(&placebo->alpha, (double[]){2, 3}, 2);
  assert_ptr_equal(c->experts[3].type, &hr_leakage_method);
  hr_config_destroy(&c);
  c = accept_rest("experts: {posterior: }\n"); /* without Ridge nothing to compare */
  assert_int_equal(c->control_count, 1);
  assert_ptr_equal(c->experts[1].type, &hr_leakage_method);
  hr_config_destroy(&c);
  c = accept_rest("controls: {placebo: false, leakage: false}\n");
  assert_int_equal(c->expert_count, 1);
  assert_int_equal(c->control_count, 0);
  hr_config_destroy(&c);
}

/* Any other name, where there are predictions; behind the registry's, before controls. */
static void test_models_from_elsewhere(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "experts:\n"
      "  cat: {predictions: p/v.csv, title: A ViT}\n"
      "  ridge: {}\n"
      "  net_2: {predictions: /x.csv, id: obj, column: 'a_{target}'}\n");
  assert_int_equal(c->expert_count - c->control_count, 3);
  assert_ptr_equal(c->experts[0].type, &hr_ridge_method);
  assert_null(c->experts[0].outside);
  const hr_outside_parameters *cat = c->experts[1].parameters;
  assert_string_equal(c->experts[1].type->name, "cat");
  assert_string_equal(c->experts[1].type->title, "A ViT");
  assert_ptr_equal(c->experts[1].type, &c->experts[1].outside->method);
  assert_string_equal(cat->predictions, "/base/p/v.csv");
  assert_string_equal(cat->column, "{target}");
  assert_null(cat->id);
  const hr_outside_parameters *net = c->experts[2].parameters;
  assert_string_equal(c->experts[2].type->title, "net_2");
  assert_string_equal(net->predictions, "/x.csv");
  assert_string_equal(net->column, "a_{target}");
  assert_string_equal(net->id, "obj");
  hr_config_destroy(&c);
  refuse_rest(
      "experts: {Vit: {predictions: v.csv}}\n",
      "s.yaml:3:11: experts: 'Vit' cannot name a model from elsewhere; use at most 31 "
      "small letters, digits and '_', a letter first, and no word of the program's "
      "own such as hybrid or global");
  refuse_rest("experts: {cat: {predictions: v.csv, joint: 1}}\n",
              "s.yaml:3:37: the key 'experts.cat.joint' is not known; the keys here are "
              "predictions, column, id, validation, sigma, bins, title");
}

/* Without bins it is one model of all rows, and has no other. */
static void test_bins_of_models_from_elsewhere(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "experts:\n"
      "  of_all: {predictions: v.csv, bins: all, validation: o/f.csv}\n"
      "  of_none: {predictions: v.csv, bins: none, sigma: '{target}_err'}\n"
      "  of_some: {onnx: n.onnx, bins: [6, 3]}\n");
  const hr_outside_parameters *p = c->experts[0].parameters;
  assert_int_equal(p->bins.count, 9);
  assert_string_equal(p->validation, "/base/o/f.csv");
  assert_null(p->sigma);
  assert_false(c->experts[0].type->only_global || c->experts[0].type->has_global);
  p = c->experts[1].parameters;
  assert_int_equal(p->bins.count, 0);
  assert_null(p->validation);
  assert_string_equal(p->sigma, "{target}_err");
  assert_true(c->experts[1].type->only_global && c->experts[1].type->has_global);
  p = c->experts[2].parameters;
  assert_int_equal(p->bins.count, 2);
  check_near(p->bins.items[0], 6, 0);
  assert_false(c->experts[2].type->only_global);
  hr_config_destroy(&c);
  refuse_rest("experts: {v: {predictions: v.csv, bins: [2, 9]}}\n",
              "s.yaml:3:45: experts.v.bins[1] is 9, but the grid has the bins 0 to 8");
  refuse_rest("experts: {v: {predictions: v.csv, bins: [2, 2]}}\n",
              "s.yaml:3:45: experts.v.bins[1] is 2, which the list holds already; keep "
              "one");
  refuse_rest("experts: {v: {predictions: v.csv, bins: []}}\n",
              "s.yaml:3:41: experts.v.bins has 0 items, but needs at least 1");
}

/* Both would be "Global Ridge" in tables. */
static void test_titles_of_models_from_elsewhere(void **state) {
  (void)state;
  refuse_rest(
      "experts: {cat: {predictions: v.csv, title: Oracle-Hybrid}}\n",
      "s.yaml:3:44: experts.cat.title is 'Oracle-Hybrid', as tables call a rung of "
      "the ladder, or what is made of models, such as Global Ridge, Ridge-Oracle "
      "and Oracle-Hybrid; give the model another title");
  refuse_rest("experts: {cat: {predictions: v.csv, title: Ridge}}\n",
              "s.yaml:3:44: experts.cat.title is 'Ridge', and tables call ridge so; give "
              "the model another title");
  refuse_rest("experts: {cat: {predictions: v.csv, title: error alone}}\n",
              "s.yaml:3:44: experts.cat.title is 'error alone', and tables call leakage "
              "so; give the model another title");
  refuse_rest("experts: {a: {predictions: v.csv, title: B}, b: {onnx: v.onnx}}\n",
              "s.yaml:3:46: experts.b.title is 'b', and tables call a so; give the model "
              "another title");
  const char *forty = "1234567890123456789012345678901234567890";
  const char *of_three = "一二三四五六七八九十一二三四五六七八九十一二三四五六";
  char rest[256];
  snprintf(rest, sizeof rest, "experts: {a: {predictions: v.csv, title: A%s}}\n", forty);
  refuse_rest(rest,
              "s.yaml:3:42: experts.a.title has 41 characters; give a title of at "
              "most 40");
  snprintf(rest, sizeof rest, "experts: {a: {predictions: v.csv, title: 七%s}}\n",
           of_three);
  refuse_rest(rest,
              "s.yaml:3:42: experts.a.title takes 81 bytes in UTF-8; give a title "
              "of at most 80, 26 Chinese characters");
  snprintf(
      rest, sizeof rest,
      "experts: {a: {predictions: v.csv, title: '%s'}, b: {onnx: b.onnx, title: %s}}\n",
      forty, of_three);
  hr_config *c = accept_rest(rest);
  assert_string_equal(c->experts[0].type->title, forty);
  assert_string_equal(c->experts[1].type->title, of_three);
  hr_config_destroy(&c);
}

static void test_a_name_that_is_unknown(void **state) {
  (void)state;
  refuse_rest(
      "experts: {pfs: {prediction: f.csv}}\n",
      "s.yaml:3:11: the key 'experts.pfs' is not known; the keys here are ridge, "
      "ridge_marginal, posterior, lightgbm, cnn, vit, line_index, and a model from "
      "elsewhere needs predictions or onnx");
}

static void test_a_name_that_is_an_experts(void **state) {
  (void)state;
  refuse_rest(
      "experts: {vit: {predictions: f.csv}}\n",
      "s.yaml:3:11: experts.vit is an expert of this program; give the model from "
      "elsewhere another name, such as my_vit");
}

/* Of a vision transformer without bins all models are of all rows; the file that it
 * starts with is not what identifies the study. */
static void test_vision_transformers(void **state) {
  (void)state;
  hr_text text;
  hr_error err;
  const char *const rest[] = {"{start: w.st}", "{bins: [1]}", "{bins: all}"};
  for (size_t i = 0; i < 3; i++) {
    char experts[400];
    snprintf(experts, sizeof experts, HEAD "experts: {vit: %s}\n", rest[i]);
    hr_config *c = accept(experts);
    const hr_vit_parameters *p = c->experts[0].parameters;
    assert_string_equal(c->experts[0].type->name, "vit");
    assert_true(c->experts[0].type->only_global == (i == 0));
    if (i == 0) assert_string_equal(p->start, "/base/w.st");
    if (i == 2) assert_int_equal(p->training.bins.count, c->binning.bin_count);
    hr_text_init(&text);
    check_ok(hr_config_write_identity(c, &text, &err));
    assert_null(strstr(text.bytes, "w.st"));
    hr_text_fini(&text);
    hr_config_destroy(&c);
  }
}

static void test_networks_from_elsewhere(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "experts:\n"
      "  cat: {onnx: p/v.onnx, scale: [2.9975, 1.1683]}\n"
      "  net: {onnx: /x.onnx, input: flux_error, output: y, title: Net}\n");
  const hr_outside_parameters *cat = c->experts[0].parameters;
  assert_null(cat->predictions);
  assert_string_equal(cat->onnx, "/base/p/v.onnx");
  assert_string_equal(cat->input, "flux");
  assert_null(cat->output);
  check_numbers(&cat->scale, (double[]){2.9975, 1.1683}, 2);
  assert_non_null(c->experts[0].type->available);
  const hr_outside_parameters *net = c->experts[1].parameters;
  assert_string_equal(net->onnx, "/x.onnx");
  assert_string_equal(net->input, "flux_error");
  assert_string_equal(net->output, "y");
  check_numbers(&net->scale, (double[]){0, 1}, 2);
  assert_string_equal(c->experts[1].type->title, "Net");
  hr_config_destroy(&c);
  refuse_rest("experts: {cat: {predictions: v.csv, onnx: v.onnx}}\n",
              "s.yaml:3:11: experts.cat has both predictions and onnx; give one of them, "
              "the file of the predictions or that of the model");
  refuse_rest("experts: {cat: {onnx: none}}\n",
              "s.yaml:3:11: experts.cat has neither predictions nor onnx; give one of "
              "them, the file of the predictions or that of the model");
  refuse_rest(
      "experts: {cat: {onnx: v.onnx, id: star}}\n",
      "s.yaml:3:35: experts.cat.id has no effect without validation, whose rows it "
      "names; leave it out");
  refuse_rest(
      "experts: {cat: {onnx: v.onnx, column: y}}\n",
      "s.yaml:3:31: the key 'experts.cat.column' is not known; the keys here are id, "
      "validation, sigma, bins, title, onnx, input, output, scale");
  refuse_rest("experts: {cat: {predictions: v.csv, scale: [1, 2]}}\n",
              "s.yaml:3:37: the key 'experts.cat.scale' is not known; the keys here are "
              "predictions, column, id, validation, sigma, bins, title");
  refuse_rest(
      "experts: {cat: {onnx: v.onnx, input: noise}}\n",
      "s.yaml:3:38: experts.cat.input is 'noise', but must be flux or flux_error");
  refuse_rest(
      "experts: {cat: {onnx: v.onnx, scale: [1]}}\n",
      "s.yaml:3:38: experts.cat.scale has 1 number; give an offset and a factor of "
      "each target: [mean, standard deviation] where labels were standardised");
  refuse_rest(
      "experts: {cat: {onnx: v.onnx, scale: []}}\n",
      "s.yaml:3:38: experts.cat.scale has 0 numbers; give an offset and a factor "
      "of each target: [mean, standard deviation] where labels were standardised");
  refuse_rest("experts: {cat: {onnx: v.onnx, bins: some}}\n",
              "s.yaml:3:37: experts.cat.bins is 'some', which is not a number; write one "
              "such as 0, or all");
}

static void check_lightgbm(const hr_lightgbm_parameters *p) {
  assert_true(p->n_estimators == 500);
  assert_true(p->max_depth == 5);
  check_near(p->learning_rate, 0.05, 0);
  assert_true(p->num_leaves == 20);
  check_near(p->feature_fraction, 0.3, 0);
  check_near(p->bagging_fraction, 0.7, 0);
  assert_true(p->bagging_freq == 1);
  assert_true(p->min_child_samples == 50);
  check_near(p->reg_alpha, 1, 0);
  check_near(p->reg_lambda, 1, 0);
  assert_string_equal(p->device, "auto");
}

static void check_cnn(const hr_cnn_parameters *p) {
  check_numbers(&p->channels, (double[]){32, 64, 32}, 3);
  assert_true(p->kernel_size == 5);
  assert_true(p->pool_size == 4);
  assert_true(p->fc_dim == 64);
  assert_true(p->training.epochs == 50);
  assert_true(p->training.batch_size == 256);
  check_near(p->training.lr, 1e-3, 0);
  check_numbers(&p->training.bins, (double[]){3, 6}, 2);
}

/* The published experiment, from examples/: every number of it. */
static void check_experiment(const hr_config *c, const char *data_folder) {
  assert_string_equal(c->experiment.id, "MOE-CEILING-C1-01");
  assert_string_equal(c->experiment.language, "zh");
  assert_int_equal(c->data.train_paths.count, 5);
  char path[4096];
  for (size_t i = 0; i < 5; i++) {
    snprintf(path, sizeof path, "%s/train_200k_%zu/dataset.h5", data_folder, i);
    assert_string_equal(c->data.train_paths.items[i], path);
  }
  snprintf(path, sizeof path, "%s/test_10k/dataset.h5", data_folder);
  assert_string_equal(c->data.test_path, path);
  assert_int_equal(c->data.target.count, 1);
  assert_string_equal(c->data.target.items[0], "log_g");
  check_near(c->data.noise.level, 1, 0);
  assert_true(c->data.noise.seed == 42);
  assert_string_equal(c->data.noise.test, "stored");
  check_study_grid(c, 2);
  check_gate(c);
  assert_int_equal(c->baseline_count, 2);
  assert_string_equal(c->baselines[0].name, "vit");
  check_near(c->baselines[0].r2, 0.70, 0);
  assert_string_equal(c->baselines[1].name, "phys_gate");
  check_near(c->baselines[1].r2, 0.601, 0);
  assert_int_equal(c->page_count, 2);
  assert_string_equal(c->pages[0].block, "c1");
}

static void test_example(void **state) {
  (void)state;
  hr_config *c = NULL;
  hr_error err = {0};
  char *yaml = read_source("examples/moe-ceiling-c1.yaml");
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", "/study", &c, &err));
  check_experiment(c, "/study");
  assert_string_equal(c->pages[0].page, "/study/roadmap.md");
  assert_string_equal(c->pages[1].page, "/study/hub.md");
  assert_int_equal(c->expert_count - c->control_count, 3);
  assert_string_equal(c->experts[0].type->name, "ridge");
  check_all_alphas(c->experts[0].parameters);
  assert_string_equal(c->experts[1].type->name, "lightgbm");
  check_lightgbm(c->experts[1].parameters);
  assert_string_equal(c->experts[2].type->name, "cnn");
  check_cnn(c->experts[2].parameters);
  hr_config_destroy(&c);
  hr_free(yaml);
}

/* The same study with experts that know the noise, and gates. */
static void test_full_example(void **state) {
  (void)state;
  static const char *const experts[] = {"ridge", "ridge_marginal", "posterior",
                                        "lightgbm", "cnn"};
  static const char *const gates[] = {"bayes", "logistic", "mlp"};
  hr_config *c = NULL;
  hr_error err = {0};
  char *yaml = read_source("examples/moe-ceiling-c1-full.yaml");
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", "/study", &c, &err));
  assert_int_equal(c->expert_count - c->control_count, 5);
  for (size_t e = 0; e < 5; e++) {
    assert_string_equal(c->experts[e].type->name, experts[e]);
  }
  check_all_alphas(c->experts[0].parameters);
  check_lightgbm(c->experts[3].parameters);
  check_cnn(c->experts[4].parameters);
  check_gate(c);
  assert_int_equal(c->gate_count, 3);
  for (size_t g = 0; g < 3; g++) {
    assert_string_equal(c->gates[g].kind->name, gates[g]);
  }
  hr_config_destroy(&c);
  hr_free(yaml);
}

/* The users' own block, pasted as it stands. */
static void test_pasted_block(void **state) {
  (void)state;
  hr_config *c = accept(
      "experiment: {id: MOE-CEILING-C1-01, language: zh}      # zh | en\n"
      "data:\n"
      "  train: [train_200k_{0..4}/dataset.h5]                # brace ranges and globs, "
      "relative to `root`\n"
      "  test: test_10k/dataset.h5\n"
      "  root: /path/to/data\n"
      "  target: log_g\n"
      "  noise: {level: 1.0, seed: 42, test: stored}          # stored | generated\n"
      "binning:\n"
      "  T_eff: [3750, 4500, 5250, 6000]\n"
      "  M_H: [-2.0, -1.0, 0.0, 0.5]\n"
      "  names: {0: Cool Poor, 1: Cool Solar}\n"
      "  focus: [3, 6]\n"
      "experts:\n"
      "  ridge: {alpha: [1, 10, 100, 1000, 10000, 100000, 1000000]}\n"
      "  ridge_marginal: {}                                   # noise integrated out; "
      "same alphas\n"
      "  posterior: {}                                        # posterior mean over "
      "templates\n"
      "  lightgbm: {n_estimators: 500, max_depth: 5}\n"
      "  cnn: {channels: [32, 64, 32], kernel_size: 5, pool_size: 4, fc_dim: 64, epochs: "
      "50, batch_size: 256, lr: 1e-3, bins: [3, 6]}\n"
      "baselines: {vit: 0.70, phys_gate: 0.601}               # outside numbers, drawn "
      "as "
      "reference lines\n"
      "gate: {oracle_r2: 0.70, delta_r2: 0.05, insufficient_below: 0.65, "
      "focus_delta_r2: 0.05}\n"
      "figures: {titles: false}\n"
      "publish: [{page: roadmap.md, block: c1}, {page: hub.md, block: c1}]\n");
  check_experiment(c, "/path/to/data");
  assert_string_equal(c->pages[0].page, "/base/roadmap.md");
  assert_int_equal(c->expert_count - c->control_count, 5);
  for (size_t i = 0; i < 5; i++) {
    size_t count = 0;
    assert_ptr_equal(c->experts[i].type, hr_methods(&count)[i]);
  }
  check_all_alphas(c->experts[0].parameters);
  const hr_ridge_marginal_parameters *marginal = c->experts[1].parameters;
  assert_int_equal(marginal->alpha.count, 0); /* auto */
  check_lightgbm(c->experts[3].parameters);
  check_cnn(c->experts[4].parameters);
  hr_config_destroy(&c);
}

static void test_habits(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "experts:\n"
      "  cnn:\n"
      "  ridge: {alpha: 1e5}     # a single value is a list of one\n"
      "  lightgbm:\n"
      "    num_iterations: \"1e2\"\n"
      "    min_data_in_leaf: 7\n"
      "    lambda_l1: .5\n"
      "    lambda_l2: 2\n"
      "    device: 'gpu'\n"
      "gate: ~\n"
      "baselines:\n"
      "publish: {page: /abs/a.md, block: \"the.block\"}\n"
      "binning: {focus: []}\n");
  assert_int_equal(c->expert_count - c->control_count, 3);
  const hr_ridge_parameters *ridge = c->experts[0].parameters;
  check_numbers(&ridge->alpha, (double[]){1e5}, 1);
  const hr_lightgbm_parameters *trees = c->experts[1].parameters;
  assert_true(trees->n_estimators == 100);
  assert_true(trees->min_child_samples == 7);
  check_near(trees->reg_alpha, 0.5, 0);
  check_near(trees->reg_lambda, 2, 0);
  assert_string_equal(trees->device, "gpu");
  check_cnn(c->experts[2].parameters);
  check_gate(c);
  assert_int_equal(c->page_count, 1);
  assert_string_equal(c->pages[0].page, "/abs/a.md");
  assert_string_equal(c->pages[0].block, "the.block");
  assert_int_equal(c->binning.focus.count, 0);
  hr_config_destroy(&c);
}

static void test_other_grids(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "binning: {T_eff: [4000, 5000, 6000], M_H: [-1, 1], "
      "names: {1: Warm}}\n");
  assert_int_equal(c->binning.bin_count, 2);
  assert_string_equal(c->binning.names[0], "Bin 0");
  assert_string_equal(c->binning.names[1], "Warm");
  assert_int_equal(c->binning.focus.count, 0);
  hr_config_destroy(&c);
  c = accept_rest("binning: {T_eff: [1, 2, 3, 4], names: {3: Low, 8: \"x: y\"}}\n");
  assert_string_equal(c->binning.names[0], "Cool Poor");
  assert_string_equal(c->binning.names[3], "Low");
  assert_string_equal(c->binning.names[8], "x: y");
  assert_int_equal(c->binning.focus.count, 0);
  hr_config_destroy(&c);
}

/* The words that stand for bins of the grid, whatever it is. */
static void test_bins_adapt_to_the_grid(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "binning: {T_eff: [1, 2, 3], M_H: [0, 1], focus: all}\nexperts: {cnn: {}}\n");
  check_numbers(&c->binning.focus, (double[]){0, 1}, 2);
  const hr_cnn_parameters *cnn = c->experts[0].parameters;
  check_numbers(&cnn->training.bins, (double[]){0, 1}, 2);
  hr_config_destroy(&c);
  c = accept_rest("binning: {focus: [1, 7]}\nexperts: {cnn: {}}\n");
  cnn = c->experts[0].parameters;
  check_numbers(&cnn->training.bins, (double[]){1, 7}, 2);
  hr_config_destroy(&c);
  c = accept_rest("binning: {axes: {snr: [1, 2, 3, 4]}}\nexperts: {cnn: {bins: all}}\n");
  cnn = c->experts[0].parameters;
  check_numbers(&cnn->training.bins, (double[]){0, 1, 2}, 3);
  assert_int_equal(c->binning.focus.count, 0);
  hr_config_destroy(&c);
}

static void test_wrong_bins(void **state) {
  (void)state;
  refuse_rest(
      "binning:\n  T_eff: [3750, 4500, 4500]\n",
      "s.yaml:4:23: binning.T_eff[2] is 4500, but must be greater than the number "
      "before it, 4500");
  refuse_rest("binning: {M_H: [0.5]}\n",
              "s.yaml:3:16: binning.M_H has 1 item, but needs at least 2");
  refuse_rest("binning: {focus: [3, 9]}\n",
              "s.yaml:3:22: binning.focus[1] is 9, but the grid has the bins 0 to 8");
  refuse_rest("binning: {focus: 9}\n",
              "s.yaml:3:18: binning.focus[0] is 9, but the grid has the bins 0 to 8");
  refuse_rest("binning: {focus: [3, 3]}\n",
              "s.yaml:3:22: binning.focus[1] is 3, which the list holds already; keep "
              "one");
  refuse_rest("binning: {names: {9: Far}}\n",
              "s.yaml:3:19: binning.names names the bin '9', but the grid has the bins 0 "
              "to 8");
  refuse_rest(
      "binning: {names: {00: Far}}\n",
      "s.yaml:3:19: binning.names names the bin '00', but the grid has the bins 0 "
      "to 8");
  refuse_rest("binning: {names: {Mid: Far}}\n",
              "s.yaml:3:19: binning.names names the bin 'Mid', but the grid has the bins "
              "0 to 8");
  refuse_rest("binning: {names: {3: [a]}}\n",
              "s.yaml:3:22: binning.names.3 must be a text, not a list");
  refuse_rest(
      "binning: {names: {3: Cool Rich}}\n",
      "s.yaml:3:22: binning.names calls both bin 2 and bin 3 'Cool Rich'; give each "
      "bin a name of its own");
  refuse_rest(
      "binning: {names: {1: Far, 8: Far}}\n",
      "s.yaml:3:30: binning.names calls both bin 1 and bin 8 'Far'; give each bin a "
      "name of its own");
  refuse_rest(
      "binning: {names: {1: Hot Rich}}\n",
      "s.yaml:3:22: binning.names calls both bin 1 and bin 8 'Hot Rich'; give each "
      "bin a name of its own");
  refuse_rest("experts: {cnn: {bins: []}}\n",
              "s.yaml:3:23: experts.cnn.bins has 0 items, but needs at least 1");
  refuse_rest("experts: {cnn: {bins: [3, 12]}}\n",
              "s.yaml:3:27: experts.cnn.bins[1] is 12, but the grid has the bins 0 to 8");
  refuse_rest("binning: {T_eff: [1, 2]}\nexperts: {cnn: {bins: 3}}\n",
              "s.yaml:4:23: experts.cnn.bins[0] is 3, but the grid has the bins 0 to 2");
}

/* Bins 3 and 6 are the study's: a smaller grid has one of them or none, then all count.
 */
static void test_default_bins_of_small_grids(void **state) {
  (void)state;
  static const struct {
    const char *edges;
    double bins[4];
    size_t count;
  } grids[] = {{"[1, 2, 3]", {3}, 1}, {"[1, 2]", {0, 1, 2}, 3}};
  for (size_t g = 0; g < 2; g++) {
    char text[256];
    hr_config *c = NULL;
    hr_error err = {0};
    snprintf(text, sizeof text, "%sbinning: {T_eff: %s}\nexperts: {cnn: {}}\n", HEAD,
             grids[g].edges);
    check_ok(hr_config_parse(text, strlen(text), "s.yaml", "", &c, &err));
    const hr_cnn_parameters *cnn = c->experts[0].parameters;
    check_numbers(&cnn->training.bins, grids[g].bins, grids[g].count);
    hr_config_destroy(&c);
  }
}

/* An expert for the bins that the study asks about has them by default, or all. */
static void test_bins_of_the_focus(void **state) {
  (void)state;
  static const struct {
    const char *yaml;
    double bins[4];
    size_t count;
  } cases[] = {
      {"binning: {focus: [3, 6]}\nexperts: {line_index: {}}\n", {3, 6}, 2},
      {"binning: {focus: [8, 1]}\nexperts: {line_index: {bins: auto}}\n", {8, 1}, 2},
      {"binning: {focus: [8]}\nexperts: {line_index: {bins: [0, 2]}}\n", {0, 2}, 2},
      {"binning: {T_eff: [1, 2], focus: []}\nexperts: {line_index: {}}\n", {0, 1, 2}, 3}};
  for (size_t i = 0; i < 4; i++) {
    hr_config *c = accept_rest(cases[i].yaml);
    const hr_line_index_parameters *p = c->experts[0].parameters;
    check_numbers(&p->bins, cases[i].bins, cases[i].count);
    assert_string_equal(p->learner, "ridge");
    hr_config_destroy(&c);
  }
  check_round_trip(HEAD "experts: {line_index: {learner: lightgbm}}\n");
}

static void test_too_many_bins(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, "%sbinning:\n  T_eff: [0", HEAD);
  for (int i = 1; i <= 342; i++) hr_text_append(&text, ", %d", i);
  hr_text_append(&text, "]\n");
  refuse(text.bytes,
         "s.yaml:4:3: binning has 1026 bins, more than 1024; give fewer edges");
  hr_text_fini(&text);
}

static hr_status parse_and_write(const char *yaml) {
  hr_config *config = NULL;
  hr_text text;
  hr_text_init(&text);
  hr_status status = parse(yaml, &config, NULL);
  if (status == HR_OK) status = hr_config_write(config, &text, NULL);
  hr_text_fini(&text);
  hr_config_destroy(&config);
  return status;
}

static void test_memory(void **state) {
  (void)state;
  check_alloc_failures(
      parse_and_write(HEAD "binning: {T_eff: [1, 2], M_H: [1, 2, 3], names: {0: a}}\n"
                           "experts: {ridge: , lightgbm: }\nbaselines: {vit: 0.7}\n"
                           "publish: [{page: a, block: b}]\n"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_controls),
      cmocka_unit_test(test_models_from_elsewhere),
      cmocka_unit_test(test_bins_of_models_from_elsewhere),
      cmocka_unit_test(test_titles_of_models_from_elsewhere),
      cmocka_unit_test(test_a_name_that_is_unknown),
      cmocka_unit_test(test_a_name_that_is_an_experts),
      cmocka_unit_test(test_vision_transformers),
      cmocka_unit_test(test_networks_from_elsewhere),
      cmocka_unit_test(test_example),
      cmocka_unit_test(test_full_example),
      cmocka_unit_test(test_pasted_block),
      cmocka_unit_test(test_habits),
      cmocka_unit_test(test_other_grids),
      cmocka_unit_test(test_default_bins_of_small_grids),
      cmocka_unit_test(test_bins_adapt_to_the_grid),
      cmocka_unit_test(test_bins_of_the_focus),
      cmocka_unit_test(test_wrong_bins),
      cmocka_unit_test(test_too_many_bins),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
