/* Looking up methods and experts by name. */
#include "report/methods.h"

#include <stdio.h>
#include <string.h>

#include "report/tables.h"
#include "report/words.h"

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

static bool says(hr_reader *reader, const hr_node *expert, const char *key) {
  return hr_node_has(expert, key) && hr_node_bool(reader, expert, key);
}

bool hr_expert_is_of_all_rows(hr_reader *reader, const hr_node *expert) {
  return says(reader, expert, "only_global");
}

bool hr_expert_is_elsewhere(hr_reader *reader, const hr_node *expert) {
  if (hr_node_has(expert, "elsewhere")) return says(reader, expert, "elsewhere");
  return hr_expert_is_of_all_rows(reader, expert);
}

bool hr_expert_competes(const hr_node *expert) {
  return !json_is_false(json_object_get(expert->json, "competes"));
}

bool hr_nobody_competes(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    if (hr_expert_competes(&expert)) return false;
  }
  return hr_node_count(&experts) > 0;
}

bool hr_expert_is_of_predictions(hr_reader *reader, const hr_node *expert) {
  if (!hr_expert_is_elsewhere(reader, expert) || !hr_node_has(expert, "settings")) {
    return false;
  }
  hr_node settings = hr_node_object(reader, expert, "settings");
  return hr_node_has(&settings, "predictions");
}

const char *hr_expert_title(hr_reader *reader, const hr_node *expert) {
  const char *name = hr_node_text(reader, expert, "name");
  const char *words = hr_tables_in_chinese(reader) ? hr_words_title(name) : NULL;
  return words ? words : hr_node_text(reader, expert, "title");
}

/* What the method is of: an expert, or all of them. */
static const char *own_of(hr_reader *reader, const hr_listed *method) {
  if (!method->expert[0]) return "混合专家";
  const char *words = hr_words_title(method->expert);
  return words ? words : hr_listed_of(reader, method->expert).title;
}

/* "混合专家（贝叶斯门控，硬路由）" of "hybrid_bayes_hard"; false, and nothing, where the
 * name says no such gate. */
static bool append_gated(hr_reader *reader, const hr_listed *method, hr_text *out) {
  const char *head = method->expert[0] ? method->expert : "hybrid";
  size_t length = strlen(head);
  char gate[64];
  if (strncmp(method->name, head, length) != 0 || method->name[length] != '_') {
    return false;
  }
  snprintf(gate, sizeof gate, "%s", method->name + length + 1);
  char *mixing = strrchr(gate, '_');
  if (!mixing) return false;
  *mixing++ = '\0';
  const char *words = hr_words_gate(gate, true), *how = hr_words_mixing(mixing, true);
  if (!words || !how) return false;
  bool is_soft = strcmp(mixing, "soft") == 0; /* the usual one */
  hr_text_append(out, "%s（%s%s%s）", own_of(reader, method), words, is_soft ? "" : "，",
                 is_soft ? "" : how);
  return true;
}

static void append_chinese(hr_reader *reader, const hr_listed *method, hr_text *out) {
  const char *words = hr_words_title(method->name);
  const char *on_test = method->by_test ? "，按测试行选择" : "";
  switch (method->kind) {
    case HR_LISTED_GLOBAL:
      hr_text_append(out, "全局 %s", own_of(reader, method));
      if (method->by_test) hr_text_append(out, "（按测试行选择）");
      return;
    case HR_LISTED_ORACLE:
    case HR_LISTED_HYBRID:
      hr_text_append(out, "%s（完美路由%s）", own_of(reader, method), on_test);
      return;
    case HR_LISTED_GATED:
      if (append_gated(reader, method, out)) return;
      break;
    default:
      break;
  }
  hr_text_append(out, "%s", words ? words : method->title);
}

void hr_append_method_title(hr_reader *reader, const char *name, hr_text *out) {
  hr_listed method = hr_listed_of(reader, name);
  size_t start = out->length;
  if (hr_tables_in_chinese(reader)) {
    append_chinese(reader, &method, out);
    hr_words_close_up(out, start);
  } else {
    hr_text_append(out, "%s", method.title);
  }
}

void hr_append_method_markdown(hr_reader *reader, const char *name, hr_text *out) {
  hr_text title;
  hr_text_init(&title);
  hr_append_method_title(reader, name, &title);
  if (title.bytes) hr_append_markdown(title.bytes, out);
  if (title.status != HR_OK) out->status = title.status;
  hr_text_fini(&title);
}
