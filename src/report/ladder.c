/* Questions to the ladder of results.json. */
#include "report/ladder.h"

#include <string.h>

#include "report/tables.h"
#include "report/words.h"

/* A rung by its name; HR_RUNGS, and the reader refuses the file, for an unknown one. */
static hr_rung rung_of(hr_reader *reader, const hr_node *parent, const char *key) {
  const char *name = hr_node_text(reader, parent, key);
  for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
    if (strcmp(hr_rung_name(rung), name) == 0) return rung;
  }
  hr_node_refuse(reader, parent, key, "a rung of the ladder");
  return HR_RUNGS;
}

static void read_rungs(hr_reader *reader, const hr_node *parent, hr_ladder_rows *out) {
  hr_node list = hr_node_list(reader, parent, "rungs");
  size_t count = hr_node_count(&list);
  if (count > HR_RUNGS) hr_node_refuse(reader, parent, "rungs", "a list of rungs");
  for (size_t i = 0; i < count && i < HR_RUNGS; i++) {
    hr_node item = hr_node_item(reader, &list, i);
    out->rungs[out->rung_count++] =
        (hr_ladder_rung){.rung = rung_of(reader, &item, "rung"),
                         .method = hr_node_text(reader, &item, "method"),
                         .r2 = hr_node_estimate(reader, &item, "r2", "r2_ci")};
  }
}

static void read_steps(hr_reader *reader, const hr_node *parent, hr_ladder_rows *out) {
  hr_node list = hr_node_list(reader, parent, "steps");
  size_t count = hr_node_count(&list);
  if (count > HR_LADDER_STEPS) hr_node_refuse(reader, parent, "steps", "a list of steps");
  for (size_t i = 0; i < count && i < HR_LADDER_STEPS; i++) {
    hr_node item = hr_node_item(reader, &list, i);
    out->steps[out->step_count++] = (hr_ladder_step){
        .name = hr_node_text(reader, &item, "step"),
        .from = rung_of(reader, &item, "from"),
        .to = rung_of(reader, &item, "to"),
        .delta = hr_node_estimate(reader, &item, "delta_r2", "delta_r2_ci")};
  }
}

static hr_ladder_rows read_rows(hr_reader *reader, const hr_node *parent) {
  hr_ladder_rows ladder = {.rows = hr_node_number(reader, parent, "n")};
  read_rungs(reader, parent, &ladder);
  read_steps(reader, parent, &ladder);
  return ladder;
}

bool hr_ladder_is_known(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  return hr_node_has(&root, "ladder");
}

hr_ladder_rows hr_ladder_read(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node ladder = hr_node_object(reader, &root, "ladder");
  return read_rows(reader, &ladder);
}

hr_ladder_rows hr_ladder_read_item(hr_reader *reader, const char *list, size_t index) {
  hr_node root = hr_reader_root(reader);
  hr_node ladder = hr_node_object(reader, &root, "ladder");
  hr_node items = hr_node_list(reader, &ladder, list);
  hr_node item = hr_node_item(reader, &items, index);
  return read_rows(reader, &item);
}

bool hr_ladder_read_all(hr_reader *reader, hr_ladder_rows *out) {
  hr_node root = hr_reader_root(reader);
  hr_node ladder = hr_node_object(reader, &root, "ladder");
  *out = (hr_ladder_rows){0};
  if (!hr_node_has(&ladder, "all")) return false;
  hr_node all = hr_node_object(reader, &ladder, "all");
  *out = read_rows(reader, &all);
  return true;
}

size_t hr_ladder_count(hr_reader *reader, const char *list) {
  hr_node root = hr_reader_root(reader);
  hr_node ladder = hr_node_object(reader, &root, "ladder");
  hr_node items = hr_node_list(reader, &ladder, list);
  return hr_node_count(&items);
}

const hr_ladder_rung *hr_ladder_on(const hr_ladder_rows *ladder, hr_rung rung) {
  for (size_t i = 0; i < ladder->rung_count; i++) {
    if (ladder->rungs[i].rung == rung) return &ladder->rungs[i];
  }
  return NULL;
}

const hr_ladder_step *hr_ladder_between(const hr_ladder_rows *ladder, hr_rung from,
                                        hr_rung to) {
  for (size_t i = 0; i < ladder->step_count; i++) {
    const hr_ladder_step *step = &ladder->steps[i];
    if (step->from == from && step->to == to) return step;
  }
  return NULL;
}

const hr_ladder_rung *hr_ladder_single(const hr_ladder_rows *ladder) {
  const hr_ladder_rung *single = hr_ladder_on(ladder, HR_RUNG_SINGLE);
  return single ? single : hr_ladder_on(ladder, HR_RUNG_BASELINE);
}

bool hr_ladder_is_baseline_best(const hr_ladder_rows *ladder) {
  const hr_ladder_rung *baseline = hr_ladder_on(ladder, HR_RUNG_BASELINE);
  const hr_ladder_rung *single = hr_ladder_on(ladder, HR_RUNG_SINGLE);
  return baseline && single && strcmp(baseline->method, single->method) == 0;
}

const hr_ladder_step *hr_ladder_mixture(const hr_ladder_rows *ladder) {
  const hr_ladder_rung *single = hr_ladder_single(ladder);
  return single ? hr_ladder_between(ladder, single->rung, HR_RUNG_ORACLE) : NULL;
}

bool hr_ladder_has_one_single(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node overall = hr_node_list(reader, &root, "overall");
  size_t count = 0;
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    hr_node entry = hr_node_item(reader, &overall, m);
    hr_listed method = hr_listed_of(reader, hr_node_text(reader, &entry, "method"));
    bool covered = strcmp(hr_node_text(reader, &entry, "rows"), "covered") == 0;
    count += covered && method.kind == HR_LISTED_GLOBAL && !method.by_test;
  }
  return count == 1;
}

/* Whether some model of all rows stands beside the ladder, as it was not validated. */
static bool has_not_validated(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    bool is_whole = hr_expert_is_of_all_rows(reader, &expert);
    if (is_whole && !hr_expert_competes(&expert)) return true;
  }
  return false;
}

const char *hr_ladder_step_key(hr_reader *reader, const hr_ladder_rows *ladder,
                               const hr_ladder_step *step) {
  bool is_same = step->to == HR_RUNG_SINGLE && hr_ladder_is_baseline_best(ladder);
  if (!is_same) return step->name;
  if (hr_ladder_has_one_single(reader)) return "only_model";
  return has_not_validated(reader) ? "no_better_validated" : "no_better_model";
}

void hr_ladder_append_title(hr_reader *reader, const hr_ladder_rung *rung, hr_text *out) {
  if (rung->rung == HR_RUNG_CEILING) {
    const char *words = hr_words_ceiling(rung->method, hr_tables_in_chinese(reader));
    hr_text_append(out, "%s", words ? words : rung->method);
  } else {
    hr_append_method_title(reader, rung->method, out);
  }
}

static bool is_on_a_rung(const hr_ladder_rows *ladder, const char *method) {
  for (size_t i = 0; i < ladder->rung_count; i++) {
    if (strcmp(ladder->rungs[i].method, method) == 0) return true;
  }
  return false;
}

/* The pooled R² of a method on covered rows; false: it has none. */
static bool find_r2(hr_reader *reader, const char *method, hr_estimate *out) {
  hr_node root = hr_reader_root(reader);
  hr_node overall = hr_node_list(reader, &root, "overall");
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    hr_node entry = hr_node_item(reader, &overall, m);
    if (strcmp(hr_node_text(reader, &entry, "rows"), "covered") != 0) continue;
    if (strcmp(hr_node_text(reader, &entry, "method"), method) != 0) continue;
    *out = hr_node_estimate(reader, &entry, "r2_pooled", "r2_pooled_ci");
    return true;
  }
  return false;
}

size_t hr_ladder_list_elsewhere(hr_reader *reader, const hr_ladder_rows *ladder,
                                hr_ladder_rung out[HR_LADDER_ELSEWHERE]) {
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  size_t count = 0;
  for (size_t e = 0; e < hr_node_count(&experts) && count < HR_LADDER_ELSEWHERE; e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    if (!hr_expert_is_of_all_rows(reader, &expert)) continue;
    const char *name = hr_node_text(reader, &expert, "name");
    const char *method = hr_listed_find(reader, HR_LISTED_GLOBAL, name, false);
    bool is_elsewhere = hr_expert_is_elsewhere(reader, &expert);
    hr_ladder_rung own = {.rung = HR_RUNGS,
                          .beside = is_elsewhere ? "elsewhere" : "whole",
                          .method = method};
    if (!method || is_on_a_rung(ladder, method)) continue;
    if (find_r2(reader, method, &own.r2)) out[count++] = own;
  }
  return count;
}

/* The experts of a list of the ladder, by their titles; how many there are. */
static size_t append_experts(hr_reader *reader, const char *key, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  hr_node ladder = hr_node_object(reader, &root, "ladder");
  size_t count = 0;
  if (!hr_node_has(&ladder, key)) return 0;
  hr_node list = hr_node_list(reader, &ladder, key);
  for (size_t i = 0; i < hr_node_count(&list); i++) {
    const char *name = json_string_value(json_array_get(list.json, i));
    if (!name) continue;
    const char *comma = hr_tables_in_chinese(reader) ? "、" : ", ";
    hr_text_append(out, "%s", count++ > 0 ? comma : "");
    hr_append_method_markdown(reader, name, out);
  }
  return count;
}

size_t hr_ladder_append_without_global(hr_reader *reader, hr_text *out) {
  return append_experts(reader, "without_global", out);
}

size_t hr_ladder_append_elsewhere(hr_reader *reader, hr_text *out) {
  return append_experts(reader, "from_elsewhere", out);
}
