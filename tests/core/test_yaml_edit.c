#include "core/yaml_edit.h"

#include "support/check.h"

static hr_yaml_node *read(const char *yaml) {
  hr_yaml_node *root = NULL;
  hr_error err = {0};
  check_ok(hr_yaml_tree_create(yaml, strlen(yaml), "a.yaml", &root, &err));
  return root;
}

static void values_are_put_and_taken_out(void **state) {
  (void)state;
  hr_error err = {0};
  hr_yaml_node *root = read("a: 1\nb: [2, 3]\n"), *value = read("x"), *other = read("y");
  const hr_yaml_mark mark = {0, 4};
  check_ok(hr_yaml_put(root, "b", mark, &value, &err));
  check_ok(hr_yaml_put(root, "c", mark, &other, &err));
  assert_true(!value && !other && root->count == 3);
  assert_string_equal(hr_yaml_find(root, "b")->text, "x");
  assert_string_equal(hr_yaml_find(root, "c")->text, "y");
  assert_int_equal(hr_yaml_find(root, "c")->key_mark.column, 4);
  assert_true(hr_yaml_take_out(root, "a"));
  assert_false(hr_yaml_take_out(root, "a"));
  assert_true(root->count == 2 && !hr_yaml_find(root, "a"));
  hr_yaml_tree_destroy(&root);
}

static void places_are_taken_out(void **state) {
  (void)state;
  hr_yaml_node *root = read("a: {b: 1, c: [2, 3]}\nd: 4\n");
  assert_true(hr_yaml_take_out_at(root, (hr_yaml_mark){1, 15})); /* 2 */
  assert_string_equal(hr_yaml_find(hr_yaml_find(root, "a"), "c")->items[0]->text, "3");
  assert_true(hr_yaml_take_out_at(root, (hr_yaml_mark){1, 18})); /* 3, and so its list */
  assert_null(hr_yaml_find(hr_yaml_find(root, "a"), "c"));
  assert_true(hr_yaml_take_out_at(root, (hr_yaml_mark){1, 5})); /* the key b */
  assert_int_equal(hr_yaml_find(root, "a")->count, 0);
  assert_false(hr_yaml_take_out_at(root, (hr_yaml_mark){1, 5}));
  assert_true(hr_yaml_take_out_at(root, (hr_yaml_mark){2, 4}));
  assert_null(hr_yaml_find(root, "d"));
  hr_yaml_tree_destroy(&root);
  root = read("a: {b: [1, 2]}\n");
  const hr_yaml_mark outside = {0, 3};
  hr_yaml_move(root->items[0]->items[0], outside);
  assert_true(hr_yaml_take_out_at(root, outside)); /* some item, and so its list */
  assert_int_equal(hr_yaml_find(root, "a")->count, 0);
  hr_yaml_tree_destroy(&root);
}

static void mappings_are_found_and_moved(void **state) {
  (void)state;
  hr_yaml_node *root = read("a: {b: 1}\n");
  assert_ptr_equal(hr_yaml_mapping_at(root, (hr_yaml_mark){1, 1}), root);
  assert_ptr_equal(hr_yaml_mapping_at(root, (hr_yaml_mark){1, 4}), root->items[0]);
  assert_null(hr_yaml_mapping_at(root, (hr_yaml_mark){1, 8}));
  hr_yaml_move(root, (hr_yaml_mark){0, 2});
  assert_int_equal(root->items[0]->items[0]->mark.line, 0);
  assert_int_equal(root->items[0]->key_mark.column, 2);
  hr_yaml_tree_destroy(&root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_put_and_taken_out),
      cmocka_unit_test(places_are_taken_out),
      cmocka_unit_test(mappings_are_found_and_moved),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
