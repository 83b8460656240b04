#include "core/yaml_tree.h"

#include "core/alloc.h"
#include "core/text.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static hr_status parse(const char *yaml, hr_yaml_node **out, hr_error *err) {
  return hr_yaml_tree_create(yaml, strlen(yaml), "t.yaml", out, err);
}

/* The document is refused with this sentence. */
static void refuse(const char *yaml, const char *message) {
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_fails(parse(yaml, &root, &err), HR_ERR_CONFIG, message);
  assert_null(root);
}

/* The document is a list whose first item is this text. */
static void check_first_text(const char *yaml, const char *text) {
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(parse(yaml, &root, &err));
  assert_int_equal(root->kind, HR_YAML_SEQUENCE);
  assert_true(root->count > 0);
  assert_int_equal(root->items[0]->kind, HR_YAML_SCALAR);
  assert_string_equal(root->items[0]->text, text);
  hr_yaml_tree_destroy(&root);
}

static void test_tree_and_places(void **state) {
  (void)state;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(parse("a: 1\nb:\n  - 'x'\n  - {c: y z}  # remark\n\"d e\": |\n  block\n",
                 &root, &err));
  assert_int_equal(root->kind, HR_YAML_MAPPING);
  assert_int_equal(root->count, 3);
  assert_int_equal(root->mark.line, 1);
  const hr_yaml_node *a = hr_yaml_find(root, "a"), *b = hr_yaml_find(root, "b");
  assert_string_equal(a->text, "1");
  assert_false(a->quoted);
  assert_int_equal(a->mark.column, 4);
  assert_int_equal(b->key_mark.line, 2);
  assert_int_equal(b->key_mark.column, 1);
  assert_int_equal(b->count, 2);
  assert_true(b->items[0]->quoted);
  assert_null(b->items[0]->key);
  const hr_yaml_node *c = hr_yaml_find(b->items[1], "c");
  assert_string_equal(c->text, "y z");
  assert_int_equal(c->mark.line, 4);
  assert_int_equal(c->mark.column, 9);
  assert_string_equal(hr_yaml_find(root, "d e")->text, "block\n");
  assert_null(hr_yaml_find(root, "e"));
  assert_null(hr_yaml_find(a, "a"));
  assert_null(hr_yaml_find(NULL, "a"));
  hr_yaml_tree_destroy(&root);
  assert_null(root);
  hr_yaml_tree_destroy(&root);
}

static void test_nulls(void **state) {
  (void)state;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(parse("[~, null, Null, NULL, '', 'null', 0, [], nil, {a: }]", &root, &err));
  for (size_t i = 0; i < 4; i++) assert_true(hr_yaml_is_null(root->items[i]));
  for (size_t i = 4; i < 9; i++) assert_false(hr_yaml_is_null(root->items[i]));
  assert_true(hr_yaml_is_null(hr_yaml_find(root->items[9], "a")));
  hr_yaml_tree_destroy(&root);
}

static void test_document_marks_are_fine(void **state) {
  (void)state;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(parse("\xEF\xBB\xBF%YAML 1.1\n---\n- a\n...\n", &root, &err));
  assert_string_equal(root->items[0]->text, "a");
  hr_yaml_tree_destroy(&root);
}

static void test_brace_groups(void **state) {
  (void)state;
  check_first_text("[train_200k_{0..4}/dataset.h5]", "train_200k_{0..4}/dataset.h5");
  check_first_text("- train_{0..4}/dataset.h5", "train_{0..4}/dataset.h5");
  check_first_text("[part_{a,b}.h5, c]", "part_{a,b}.h5");
  check_first_text("- part_{a,b}.h5", "part_{a,b}.h5");
  check_first_text("[{a,b}/x.h5]", "{a,b}/x.h5");
  check_first_text("- {a,b}/x.h5", "{a,b}/x.h5");
  check_first_text("[a_{0..1}]", "a_{0..1}");
  check_first_text("[a_{0..1}{x,y}_{2..3}.h5]", "a_{0..1}{x,y}_{2..3}.h5");
  check_first_text("[a_{0..1}, b]", "a_{0..1}");
  check_first_text("['a_{0..1}', b]", "a_{0..1}");
  check_first_text("[\"{a,b}\"]", "{a,b}");
  check_first_text("- >-\n  a_{0..1}\n", "a_{0..1}");
  check_first_text("[\xC3\xA9_{0..1}]", "\xC3\xA9_{0..1}");
}

/* What is valid YAML keeps its meaning. */
static void test_flow_mappings_stay(void **state) {
  (void)state;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(parse("[{a,b}, {c..d}, {\"e\":{f,g}}] # x_{a,b}\n", &root, &err));
  assert_int_equal(root->count, 3);
  for (size_t i = 0; i < 3; i++) assert_int_equal(root->items[i]->kind, HR_YAML_MAPPING);
  assert_int_equal(root->items[0]->count, 2);
  assert_string_equal(root->items[1]->items[0]->key, "c..d");
  assert_int_equal(hr_yaml_find(root->items[2], "e")->count, 2);
  hr_yaml_tree_destroy(&root);
}

/* Hidden groups do not move what stands behind them; columns count characters. */
static void test_columns_behind_groups(void **state) {
  (void)state;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(parse("[\xC3\xA9_{0..4}.h5, b]", &root, &err));
  assert_int_equal(root->items[1]->mark.column, 15);
  hr_yaml_tree_destroy(&root);
  refuse("[a_{0..4}.h5, *b]",
         "t.yaml:1:15: the alias '*b' is not allowed; write the "
         "value out, or quote a text that begins with '*'");
}

static void test_syntax(void **state) {
  (void)state;
  refuse("a: [1, 2\nb: 3\n",
         "t.yaml:2:2: not valid YAML: did not find expected ',' or ']', while parsing a "
         "flow sequence that begins in line 1");
  refuse("[x{b}]",
         "t.yaml:1:3: not valid YAML: did not find expected ',' or ']', while "
         "parsing a flow sequence that begins in line 1");
  refuse("a: 1\n\tb: 2\n",
         "t.yaml:2:1: not valid YAML: found a tab character that violates indentation, "
         "while scanning a plain scalar that begins in line 1");
  refuse("a: b: c\n",
         "t.yaml:1:5: not valid YAML: mapping values are not allowed in "
         "this context");
  refuse("a: \xC3\xA9\nb: \xFF\n",
         "t.yaml:2:4: not valid YAML: invalid leading UTF-8 octet");
  refuse("a: \x01\n", "t.yaml:1:4: not valid YAML: control characters are not allowed");
  refuse("a: [*.h5]\n",
         "t.yaml:1:6: not valid YAML: a text that begins with '*' must be quoted");
  refuse("a: 'b\n",
         "t.yaml:2:1: not valid YAML: found unexpected end of stream, while "
         "scanning a quoted scalar that begins in line 1");
}

static void test_refused(void **state) {
  (void)state;
  refuse("", "t.yaml:1:1: the file is empty; write at least one key");
  refuse("# only a remark\n", "t.yaml:1:1: the file is empty; write at least one key");
  refuse("a: 1\nb: 2\na: 3\n",
         "t.yaml:3:1: the key 'a' is given a second time, first in line 1; keep one");
  refuse("a: &x 1\n",
         "t.yaml:1:4: the anchor '&x' is not allowed; write the value where it is used");
  refuse("a: &x [1]\n",
         "t.yaml:1:4: the anchor '&x' is not allowed; write the value where it is used");
  refuse("&x a: 1\n",
         "t.yaml:1:1: the anchor '&x' is not allowed; write the value where it is used");
  refuse("a: *x\n",
         "t.yaml:1:4: the alias '*x' is not allowed; write the value out, or "
         "quote a text that begins with '*'");
  refuse("a: !!float 1\n",
         "t.yaml:1:4: the tag 'tag:yaml.org,2002:float' is not "
         "allowed; write the value without it");
  refuse("a: !m {b: 1}\n",
         "t.yaml:1:4: the tag '!m' is not allowed; write the value without it");
  refuse("a: 1\n---\nb: 2\n",
         "t.yaml:2:1: a second document begins here; keep one in a file");
  refuse("? [a]\n: 1\n",
         "t.yaml:1:3: a key must be a single text, not a list or a mapping");
  refuse("a: \"x\\0y\"\n",
         "t.yaml:1:4: a text must not hold the character \\0; leave it out");
  refuse("a: x\xEF\xB7\x91y\n",
         "t.yaml:1:5: the code point U+FDD1 is not a character; take it out");
  refuse("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
         "t.yaml:1:17: nested more than 16 levels deep");
}

static void test_sixteen_levels_are_fine(void **state) {
  (void)state;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(parse("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", &root, &err));
  hr_yaml_tree_destroy(&root);
}

static void test_zero_byte(void **state) {
  (void)state;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_fails(hr_yaml_tree_create("a: 1\nb\0c", 8, "t.yaml", &root, &err), HR_ERR_CONFIG,
              "t.yaml:2:2: a 0 byte; this is not a text file");
}

/* `head`, then `item` `count` times. */
static void repeat(hr_text *text, const char *head, const char *item, size_t count) {
  hr_text_init(text);
  hr_text_append(text, "%s", head);
  for (size_t i = 0; i < count; i++) hr_text_append(text, item, i);
}

static void test_sizes(void **state) {
  (void)state;
  hr_text text;
  repeat(&text, "", "k%zu: 1\n", 4097);
  refuse(text.bytes, "t.yaml:4097:1: more than 4096 keys in one mapping");
  hr_text_fini(&text);
  repeat(&text, "", "- %zu\n", HR_YAML_MOST_NODES);
  refuse(text.bytes, "t.yaml:200000:3: more than 200000 values in one file");
  hr_text_fini(&text);

  size_t size = HR_YAML_MOST_BYTES + 1;
  char *spaces = NULL;
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(hr_alloc(&spaces, size, &err));
  memset(spaces, ' ', size);
  check_fails(hr_yaml_tree_create(spaces, size, "t.yaml", &root, &err), HR_ERR_CONFIG,
              "t.yaml:1:1: the file has 4194305 bytes, more than the 4194304 of any "
              "configuration");
  hr_free(spaces);
}

static hr_status read_and_destroy(const char *yaml) {
  hr_yaml_node *root = NULL;
  hr_status status = parse(yaml, &root, NULL);
  hr_yaml_tree_destroy(&root);
  return status;
}

static void test_memory(void **state) {
  (void)state;
  check_alloc_failures(read_and_destroy("a: [1, x_{0..4}, {b: c}]\nd: {e: [], f: }\n"));
}

/* A full-width colon is a letter to YAML: what libyaml then says is about something else.
 */
static void test_full_width_colons(void **state) {
  (void)state;
  static const char words[] =
      "a full-width colon stands here, which YAML takes for a letter; write ':' and a "
      "space";
  static const struct {
    const char *yaml, *place;
  } cases[] = {
      {"data\xEF\xBC\x9A\n  train: [a]\n", "1:5"},
      {"a: 1\nb: {id\xEF\xBC\x9A x, c: 2}\n", "2:7"},
      {"a: 1\n  # \xE6\xB3\xA8\xEF\xBC\x9A x\nid\xEF\xBC\x9A x\n", "3:3"},
      {"target\xEF\xBC\x9A"
       "log_g",
       "1:7"},
      {"a:\n  - x\n  - key\xEF\xBC\x9A y\n    b: 1\n", "3:8"},
      {"a: 1\nbins\xEF\xBC\x9A: 1\n", "2:5"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char sentence[256];
    snprintf(sentence, sizeof sentence, "t.yaml:%s: %s", cases[i].place, words);
    refuse(cases[i].yaml, sentence);
  }
  check_first_text("['key\xEF\xBC\x9A y']", "key\xEF\xBC\x9A y");
  check_first_text("- \xE5\x86\xB7\xEF\xBC\x9A\xE8\xB4\xAB\n",
                   "\xE5\x86\xB7\xEF\xBC\x9A\xE8\xB4\xAB");
  refuse(
      "\"a\xEF\xBC\x9A\": 1\nb: [\n",
      "t.yaml:3:1: not valid YAML: did not find expected node content, while parsing a "
      "flow node that begins in line 3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tree_and_places),
      cmocka_unit_test(test_full_width_colons),
      cmocka_unit_test(test_nulls),
      cmocka_unit_test(test_document_marks_are_fine),
      cmocka_unit_test(test_brace_groups),
      cmocka_unit_test(test_flow_mappings_stay),
      cmocka_unit_test(test_columns_behind_groups),
      cmocka_unit_test(test_syntax),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_sixteen_levels_are_fine),
      cmocka_unit_test(test_zero_byte),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
