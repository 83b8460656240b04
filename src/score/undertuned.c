/* Whether a slot stands at an end, its method has decided (hr_fit.edge). */
#include "score/undertuned.h"

static bool stands_at_end(const hr_fit *fit) {
  return fit->status == HR_FIT_OK && fit->edge != HR_EDGE_NONE;
}

bool hr_undertuned_has(const hr_outcome *outcome) {
  for (size_t t = 0; t < outcome->fit_count; t++) {
    if (stands_at_end(&outcome->fits[t])) return true;
  }
  return false;
}

/* Slots that chose the outermost of several; a list of one has no end. */
static size_t count_outermost(const hr_outcome *outcome) {
  size_t count = 0;
  for (size_t t = 0; t < outcome->fit_count; t++) {
    const hr_fit *fit = &outcome->fits[t];
    count += stands_at_end(fit) && fit->edge != HR_EDGE_ONLY;
  }
  return count;
}

static void put_slot(hr_json_builder *json, json_t *list, const hr_method *type,
                     const hr_fit *fit) {
  json_t *object = hr_json_append(json, list, json_object());
  hr_json_put_text(json, object, "expert", type->name);
  hr_json_put(json, object, "bin",
              fit->slot == HR_GLOBAL ? json_null() : json_integer(fit->slot));
  hr_json_put_number(json, object, type->variant, fit->variant_value[fit->chosen]);
  hr_json_put_text(json, object, "at_end", hr_fit_edge_name(fit->edge));
}

void hr_undertuned_write(hr_json_builder *json, const hr_results_input *input,
                         json_t *root) {
  json_t *list = NULL;
  for (size_t e = 0; e < input->outcome_count; e++) {
    const hr_outcome *outcome = &input->outcomes[e];
    for (size_t t = 0; t < outcome->fit_count; t++) {
      if (!stands_at_end(&outcome->fits[t])) continue;
      if (!list) list = hr_json_put(json, root, "undertuned", json_array());
      put_slot(json, list, outcome->type, &outcome->fits[t]);
    }
  }
}

/* Whether the list went on by itself, as far as it may. */
static bool is_widened(const hr_outcome *outcome) {
  const hr_method *type = outcome->type;
  const hr_field *field = hr_fields_find(type->fields, type->field_count, type->variant);
  if (!field || !field->may_be_auto || !outcome->parameters) return false;
  const hr_numbers *list =
      (const void *)((const char *)outcome->parameters + field->offset);
  return list->count == 0;
}

/* Whether most of the slots stand at the smallest setting. */
static bool is_smallest(const hr_outcome *outcome) {
  size_t smallest = 0;
  for (size_t t = 0; t < outcome->fit_count; t++) {
    const hr_fit *fit = &outcome->fits[t];
    smallest += stands_at_end(fit) && fit->edge == HR_EDGE_SMALLEST;
  }
  return 2 * smallest > count_outermost(outcome);
}

/* Penalties are relative to the spread of the flux, which a slope can be most of. */
static hr_status doubt_widened(const hr_outcome *outcome, size_t slots, hr_doubts *doubts,
                               hr_error *err) {
  const hr_method *type = outcome->type;
  bool is_small = is_smallest(outcome);
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_ALPHA, false, err,
                    "%s: of %zu model%s the best %s is the outermost, although auto "
                    "widened the list to its bound, so that one outside may be "
                    "better and the expert undertuned; see whether %s, or write a longer "
                    "list in experts.%s.%s",
                    type->name, slots, slots == 1 ? "" : "s", type->variant,
                    is_small ? "a slope that all spectra share makes the flux vary far "
                               "more than its lines do"
                             : "training rows are far beyond all others",
                    type->name, type->variant);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：%zu 个模型的最佳 %s 是最外侧的值，尽管 auto 已把列表扩展到极限，"
                   "更外侧的值可能更好，该专家可能未调到最佳；请查看%s，或在 "
                   "experts.%s.%s 写出更长的列表",
                   type->name, slots, type->variant,
                   is_small ? "光谱是否共有一个斜坡，使流量的起伏远大于谱线"
                            : "是否有训练行远超其余各行",
                   type->name, type->variant);
}

static hr_status doubt_list(const hr_method *type, size_t slots, hr_doubts *doubts,
                            hr_error *err) {
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_ALPHA, false, err,
      "%s: of %zu model%s the best %s is at the end of the list, so "
      "that one outside may be better and the expert undertuned; let "
      "experts.%s.%s go on beyond it, or leave it out for auto",
      type->name, slots, slots == 1 ? "" : "s", type->variant, type->name, type->variant);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：%zu 个模型的最佳 %s 位于列表一端，更外侧的值可能更好，该专家可能"
                   "未调到最佳；请把 experts.%s.%s 延伸到更外侧，或不写它而用 auto",
                   type->name, slots, type->variant, type->name, type->variant);
}

hr_status hr_undertuned_doubt(const hr_results_input *input, hr_doubts *doubts,
                              hr_error *err) {
  hr_status status = HR_OK;
  for (size_t e = 0; e < input->outcome_count && status == HR_OK; e++) {
    const hr_outcome *outcome = &input->outcomes[e];
    size_t slots = count_outermost(outcome);
    if (slots == 0) continue;
    status = is_widened(outcome) ? doubt_widened(outcome, slots, doubts, err)
                                 : doubt_list(outcome->type, slots, doubts, err);
  }
  return status;
}
