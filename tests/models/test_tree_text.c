/* LightGBM's model text: what it writes is read, and what it would not write is refused
 * with the line it stands on. */
#include "models/tree_text.h"

#include "support/fail_alloc.h"
#include "support/tree_text.h"

static const made_trees two = {.pixels = 3, .trees = 2, .leaves = 4, .seed = 1};

static hr_status read_and_forget(const char *text) {
  hr_trees_read read;
  hr_status status = hr_tree_text_read(text, strlen(text), "model.txt", &read, NULL);
  hr_trees_read_fini(&read);
  return status;
}

static void trees_are_read(void **state) {
  (void)state;
  hr_error err;
  hr_trees_read read;
  char *text = made_tree_text(&two);
  check_ok(hr_tree_text_read(text, strlen(text), "model.txt", &read, &err));
  assert_int_equal(read.pixels, 3);
  assert_int_equal(read.tree_count, 2);
  assert_int_equal(read.split_count, 6);
  assert_int_equal(read.leaf_count, 8);
  assert_int_equal(read.tree[1].first_split, 3);
  assert_int_equal(read.tree[1].first_leaf, 4);
  for (size_t t = 0; t < 2; t++) {
    for (size_t i = 0; i < 4; i++) {
      check_near(read.leaf[4 * t + i], made_number(&two, t, 10000 + i), 0);
      if (i == 3) continue;
      const hr_split *split = &read.split[3 * t + i];
      check_near(split->threshold, made_number(&two, t, 9000 + i), 0);
      check_near(read.gain[3 * t + i], made_number(&two, t, 10000 + i), 1e-5);
      assert_int_equal(split->pixel, (int)(3 * made_number(&two, t, 500 + i)));
      assert_int_equal(split->right >= 0 ? split->right : -1 - (int)(i + 1),
                       split->right);
    }
  }
  hr_trees_read_fini(&read);
  hr_free(text);
}

static void trees_of_one_leaf_and_none_are_read(void **state) {
  (void)state;
  hr_error err;
  hr_trees_read read;
  const made_trees stump = {.pixels = 1, .trees = 3, .leaves = 1, .seed = 2};
  const made_trees none = {.pixels = 2, .trees = 0, .leaves = 1, .seed = 2};
  char *text = made_tree_text(&stump);
  check_ok(hr_tree_text_read(text, strlen(text), "model.txt", &read, &err));
  assert_int_equal(read.split_count, 0);
  assert_int_equal(read.leaf_count, 3);
  hr_trees_read_fini(&read);
  hr_free(text);
  text = made_tree_text(&none);
  check_ok(hr_tree_text_read(text, strlen(text), "model.txt", &read, &err));
  assert_int_equal(read.tree_count, 0);
  hr_trees_read_fini(&read);
  hr_free(text);
}

/* `text` with the first `from` behind the first `after` replaced; of the same length, so
 * that tree_sizes stays right, where the two are. */
static char *spoil(const char *text, const char *after, const char *from,
                   const char *to) {
  hr_text out;
  hr_text_init(&out);
  const char *at = strstr(strstr(text, after), from);
  assert_non_null(at);
  hr_text_append(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  return out.bytes;
}

static void check_refused(const char *text, size_t line, const char *field) {
  hr_error err;
  hr_trees_read read;
  char expected[300];
  snprintf(expected, sizeof expected,
           "model.txt, line %zu: this is not the %s of a model as LightGBM 4 writes it; "
           "copy or train the model again",
           line, field);
  check_fails(hr_tree_text_read(text, strlen(text), "model.txt", &read, &err),
              HR_ERR_FORMAT, expected);
  hr_trees_read_fini(&read);
}

/* left_child is -1 1 2 or so, depending on the numbers drawn: a tree whose lines are
 * known. */
static const char by_hand[] =
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
    "max_feature_idx=2\nobjective=regression\nfeature_names=a b c\n"
    "feature_infos=none [0:1] [0:1]\ntree_sizes=297\n\n"
    "Tree=0\nnum_leaves=4\nnum_cat=0\nsplit_feature=0 1 2\nsplit_gain=3 2 1\n"
    "threshold=0.5 0.25 1.5\ndecision_type=2 2 0\nleft_child=1 -1 -2\n"
    "right_child=2 -3 -4\nleaf_value=1 2 3 4\nleaf_weight=9 9 9 9\nleaf_count=9 9 9 9\n"
    "internal_value=1 2 3\ninternal_weight=9 9 9\ninternal_count=9 9 9\nis_linear=0\n"
    "shrinkage=1\n\n\nend of trees\n\nparameters:\n[a: b]\n\nend of parameters\n";

typedef struct damage {
  const char *after, *from, *to;
  size_t line;
  const char *field;
} damage;

static const damage damages[] = {
    {"tree", "tree", "free", 1, "heading"},
    {"version", "v4", "v3", 1, "heading"},
    {"num_class", "=1", "=2", 1, "heading"},
    {"max_feature_idx", "=2", "=-1", 6, "max_feature_idx"},
    {"max_feature_idx", "=2", "=2.5", 6, "max_feature_idx"},
    {"max_feature_idx", "=2", "=16777216", 6, "max_feature_idx"},
    {"objective", "regression", "binary", 7, "objective"},
    {"max_feature_idx", "=2", "=3", 8, "feature_names"},
    {"feature_names", "a b c", "a b", 8, "feature_names"},
    {"feature_infos", "none", "", 9, "feature_infos"},
    {"tree_sizes", "297", "297 1", 31, "start of a tree"},
    {"tree_sizes", "297", "298", 31, "end of a tree"},
    {"tree_sizes", "297", "296", 29, "end of a tree"},
    {"tree_sizes", "297", "9999", 10, "tree_sizes"},
    {"tree_sizes", "297", "0", 10, "tree_sizes"},
    {"tree_sizes", "297", "3e2", 31, "end of a tree"},
    {"Tree", "Tree=0", "Tree=1", 12, "start of a tree"},
    {"num_leaves", "=4", "=0", 13, "num_leaves"},
    {"num_leaves", "=4", "=3", 15, "split_feature"},
    {"num_leaves", "=4", "=5", 15, "split_feature"},
    {"num_leaves", "=4\nnum_cat=0", "=4444\nnum_cat", 13, "num_leaves"},
    {"num_cat", "0", "1", 14, "num_cat"},
    {"split_feature", "0 1 2", "0 1 3", 16, "split_feature"},
    {"split_feature", "0 1 2", "0 -1 ", 15, "split_feature"},
    {"split_gain", "3", "x", 16, "split_gain"},
    {"threshold", "0.5", "nan", 17, "threshold"},
    {"threshold", "0.5", "inf", 17, "threshold"},
    {"threshold", "0.25 1.5", "9e999 .5", 17, "threshold"},
    {"decision_type", "2 2 0", "2 2 1", 19, "decision_type"},
    {"left_child", "1", "0", 20, "left_child"},             /* hangs on itself */
    {"left_child", "1 -1", "1  1", 19, "left_child"},       /* no number */
    {"left_child", "1 -1 -2", "1 -1 -5", 20, "left_child"}, /* no such leaf */
    {"left_child", "1 -1 -2", "1 -1 +3", 20, "left_child"}, /* no such split */
    {"left_child", "1 -1 -2", "1 -1 -1", 20, "left_child"}, /* a leaf twice */
    {"right_child", "2 -3 -4", "2 -1 -4", 21, "right_child"},
    {"right_child", "2 -3 -4", "1 -3 -4", 21, "right_child"}, /* a split twice */
    {"right_child", "2 -3 -4", "2 -3 +1", 21, "right_child"}, /* an earlier split */
    {"leaf_value", "1 2 3 4", "1 2 3e4", 21, "leaf_value"},
    {"leaf_weight", "9", "?", 22, "leaf_weight"},
    {"internal_count", "9", "-", 26, "internal_count"},
    {"is_linear", "0", "1", 27, "is_linear"},
    {"shrinkage", "1", "z", 28, "shrinkage"},
    {"end of trees", "end of trees", "End of trees", 31, "end of the trees"},
    {"[a: b]", "b", "\x01", 34, "list of parameters"},
};

static void what_lightgbm_would_not_write_is_refused(void **state) {
  (void)state;
  assert_int_equal(read_and_forget(by_hand), HR_OK);
  for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
    const damage *d = &damages[i];
    char *text = spoil(by_hand, d->after, d->from, d->to);
    check_refused(text, d->line, d->field);
    hr_free(text);
  }
}

static void every_shorter_text_is_refused(void **state) {
  (void)state;
  char *text = NULL;
  size_t end = (size_t)(strstr(by_hand, "end of trees\n") - by_hand) + 13;
  assert_int_equal(hr_copy_text(by_hand, &text, NULL), HR_OK);
  for (size_t size = 0; size < end; size++) {
    hr_trees_read read;
    assert_int_equal(hr_tree_text_read(text, size, "model.txt", &read, NULL),
                     HR_ERR_FORMAT);
    hr_trees_read_fini(&read);
  }
  hr_free(text);
}

static void allocations_may_fail(void **state) {
  (void)state;
  check_alloc_failures(read_and_forget(by_hand));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(trees_are_read),
      cmocka_unit_test(trees_of_one_leaf_and_none_are_read),
      cmocka_unit_test(what_lightgbm_would_not_write_is_refused),
      cmocka_unit_test(every_shorter_text_is_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
