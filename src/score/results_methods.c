/* The methods of a study, one object each. */
#include "score/results_methods.h"

static void put_forecast(hr_json_builder *json, json_t *methods,
                         const hr_evaluation *evaluation, const hr_forecast *forecast) {
  const hr_forecast *all = evaluation->forecasts.items;
  const char *expert = forecast->method == HR_NO_METHOD
                           ? NULL
                           : evaluation->input->outcomes[forecast->method].type->name;
  json_t *object = hr_json_append(json, methods, json_object());
  hr_json_put_text(json, object, "name", forecast->name);
  hr_json_put_text(json, object, "title", forecast->title);
  hr_json_put_text(json, object, "kind", hr_forecast_kind_name(forecast->kind));
  hr_json_put_text(json, object, "expert", expert);
  hr_json_put_text(json, object, "selection", hr_selection_name(forecast->selection));
  hr_json_put_text(json, object, "versus",
                   forecast->versus == HR_NO_METHOD ? NULL : all[forecast->versus].name);
  hr_json_put_bool(json, object, "listed", forecast->listed);
}

static void put_control(hr_json_builder *json, json_t *methods,
                        const hr_controls *controls, hr_control_kind kind) {
  if (!controls->fit[kind]) return;
  json_t *object = hr_json_append(json, methods, json_object());
  hr_json_put_text(json, object, "name", hr_control_name(kind));
  hr_json_put_text(json, object, "title", controls->title[kind]);
  hr_json_put_text(json, object, "kind", "control");
  hr_json_put_text(json, object, "expert", NULL);
  hr_json_put_text(json, object, "selection", "cv");
  hr_json_put_text(json, object, "versus", NULL);
  hr_json_put_bool(json, object, "listed", hr_controls_has(controls, kind));
}

void hr_results_write_methods(hr_json_builder *json, const hr_evaluation *evaluation,
                              json_t *root) {
  json_t *methods = hr_json_put(json, root, "methods", json_array());
  for (size_t f = 0; f < evaluation->forecasts.count; f++) {
    put_forecast(json, methods, evaluation, &evaluation->forecasts.items[f]);
  }
  for (hr_control_kind kind = 0; kind < HR_CONTROL_KINDS; kind++) {
    put_control(json, methods, &evaluation->controls, kind);
  }
}
