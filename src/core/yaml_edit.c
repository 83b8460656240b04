/* Nodes are few, so that every search goes through all of them. */
#include "core/yaml_edit.h"

#include <string.h>

#include "core/alloc.h"
#include "core/text.h"

static bool is_at(hr_yaml_mark a, hr_yaml_mark b) {
  return a.line == b.line && a.column == b.column;
}

/* The number of the entry; `count` where there is none. */
static size_t find_entry(const hr_yaml_node *mapping, const char *key) {
  size_t i = 0;
  while (i < mapping->count && strcmp(mapping->items[i]->key, key) != 0) i++;
  return i;
}

static void take_out(hr_yaml_node *parent, size_t i) {
  hr_yaml_tree_destroy(&parent->items[i]);
  for (size_t k = i + 1; k < parent->count; k++) parent->items[k - 1] = parent->items[k];
  parent->count--;
}

hr_status hr_yaml_put(hr_yaml_node *mapping, const char *key, hr_yaml_mark mark,
                      hr_yaml_node **take_value, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *value = *take_value;
  hr_free(value->key);
  value->key = NULL;
  value->key_mark = mark;
  HR_TRY(hr_copy_text(key, &value->key, err));
  size_t i = find_entry(mapping, key);
  if (i < mapping->count) {
    hr_yaml_tree_destroy(&mapping->items[i]);
  } else {
    HR_TRY(hr_realloc(&mapping->items, mapping->count, mapping->count + 1, err));
    mapping->count++;
  }
  mapping->items[i] = value;
  *take_value = NULL;
cleanup:
  return status;
}

bool hr_yaml_take_out(hr_yaml_node *mapping, const char *key) {
  size_t i = find_entry(mapping, key);
  if (i == mapping->count) return false;
  take_out(mapping, i);
  return true;
}

bool hr_yaml_take_out_at(hr_yaml_node *root, hr_yaml_mark mark) {
  for (size_t i = 0; i < root->count; i++) {
    hr_yaml_node *item = root->items[i];
    bool was_list = item->kind == HR_YAML_SEQUENCE;
    if (hr_yaml_take_out_at(item, mark)) {
      bool is_gone = item->count == 0 || mark.line == 0;
      if (was_list && is_gone) take_out(root, i);
      return true;
    }
    if (!is_at(item->mark, mark) && !(item->key && is_at(item->key_mark, mark))) continue;
    take_out(root, i);
    return true;
  }
  return false;
}

hr_yaml_node *hr_yaml_mapping_at(hr_yaml_node *root, hr_yaml_mark mark) {
  for (size_t i = 0; i < root->count; i++) {
    hr_yaml_node *inner = hr_yaml_mapping_at(root->items[i], mark);
    if (inner) return inner;
  }
  return root->kind == HR_YAML_MAPPING && is_at(root->mark, mark) ? root : NULL;
}

void hr_yaml_move(hr_yaml_node *root, hr_yaml_mark mark) {
  root->mark = root->key_mark = mark;
  for (size_t i = 0; i < root->count; i++) hr_yaml_move(root->items[i], mark);
}
