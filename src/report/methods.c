/* Looking up methods and experts by name. */
#include "report/methods.h"

#include <string.h>

static hr_listed_kind kind_of(const char *kind) {
  static const struct {
    const char *name;
    hr_listed_kind kind;
  } kinds[] = {{"global", HR_LISTED_GLOBAL},
               {"oracle", HR_LISTED_ORACLE},
               {"hybrid", HR_LISTED_HYBRID},
               {"gated", HR_LISTED_GATED},
               {"control", HR_LISTED_CONTROL}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].name, kind) == 0) return kinds[i].kind;
  }
  return HR_LISTED_UNKNOWN;
}

static size_t count_methods(const hr_node *root) {
  return json_array_size(json_object_get(root->json, "methods"));
}

static hr_listed read_method(hr_reader *reader, const hr_node *root, size_t index) {
  hr_node methods = hr_node_list(reader, root, "methods");
  hr_node method = hr_node_item(reader, &methods, index);
  const char *expert = hr_node_text_or_null(reader, &method, "expert");
  return (hr_listed){
      .kind = kind_of(hr_node_text(reader, &method, "kind")),
      .name = hr_node_text(reader, &method, "name"),
      .title = hr_node_text(reader, &method, "title"),
      .expert = expert ? expert : "",
      .by_test = strcmp(hr_node_text(reader, &method, "selection"), "test") == 0};
}

size_t hr_expert_place(hr_reader *reader, const char *expert) {
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node own = hr_node_item(reader, &experts, e);
    if (strcmp(hr_node_text(reader, &own, "name"), expert) == 0) return e;
  }
  return 0;
}

hr_listed hr_listed_of(hr_reader *reader, const char *name) {
  hr_node root = hr_reader_root(reader);
  for (size_t m = 0; m < count_methods(&root); m++) {
    hr_listed method = read_method(reader, &root, m);
    if (strcmp(method.name, name) == 0) return method;
  }
  hr_node experts = hr_node_list(reader, &root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    const char *own = hr_node_text(reader, &expert, "name");
    if (strcmp(own, name) != 0) continue;
    return (hr_listed){HR_LISTED_EXPERT, own, hr_node_text(reader, &expert, "title"), own,
                       false};
  }
  return (hr_listed){HR_LISTED_UNKNOWN, name, name, "", false};
}

const char *hr_listed_find(hr_reader *reader, hr_listed_kind kind, const char *expert,
                           bool by_test) {
  hr_node root = hr_reader_root(reader);
  for (size_t m = 0; m < count_methods(&root); m++) {
    hr_listed method = read_method(reader, &root, m);
    if (method.kind == kind && method.by_test == by_test &&
        strcmp(method.expert, expert) == 0) {
      return method.name;
    }
  }
  return NULL;
}

void hr_append_method_title(hr_reader *reader, const char *name, hr_text *out) {
  hr_text_append(out, "%s", hr_listed_of(reader, name).title);
}
