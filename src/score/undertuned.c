/* Whether a slot stands at an end, its method has decided (hr_fit.edge). */
#include "score/undertuned.h"

#include "core/observe.h"

static bool stands_at_end(const hr_fit *fit) {
  return fit->status == HR_FIT_OK && fit->edge != HR_EDGE_NONE;
}

static size_t count_slots(const hr_outcome *outcome) {
  size_t count = 0;
  for (size_t t = 0; t < outcome->fit_count; t++) {
    count += stands_at_end(&outcome->fits[t]);
  }
  return count;
}

bool hr_undertuned_has(const hr_outcome *outcome) {
  return count_slots(outcome) > 0;
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

void hr_undertuned_warn(const hr_results_input *input) {
  for (size_t e = 0; e < input->outcome_count; e++) {
    const hr_outcome *outcome = &input->outcomes[e];
    const hr_method *type = outcome->type;
    size_t slots = count_slots(outcome);
    if (slots == 0) continue;
    if (is_widened(outcome)) {
      hr_observe_warning(input->observer,
                         "%s: of %zu model%s the best %s is the outermost, although auto "
                         "widened the list to its bound, so that one outside may be "
                         "better and the expert undertuned; see whether rows are few or "
                         "far beyond all others, or write a longer list in experts.%s.%s",
                         type->name, slots, slots == 1 ? "" : "s", type->variant,
                         type->name, type->variant);
      continue;
    }
    hr_observe_warning(input->observer,
                       "%s: of %zu model%s the best %s is at the end of the list, so "
                       "that one outside may be better and the expert undertuned; let "
                       "experts.%s.%s go on beyond it, or leave it out for auto",
                       type->name, slots, slots == 1 ? "" : "s", type->variant,
                       type->name, type->variant);
  }
}
