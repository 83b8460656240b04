/* Gates from the document, each by its table, in the order of the kinds. */
#include "config/gates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/read.h"
#include "core/alloc.h"
#include "routing/gate.h"

enum { MOST_KINDS = 8 };

/* An entry of `windows`, as the document has it. */
typedef struct window_entry {
  char *name;
  double low, high;
  hr_strings measures;
} window_entry;

static const hr_field window_fields[] = {
    {.name = "name", .kind = HR_FIELD_TEXT, .offset = offsetof(window_entry, name)},
    {.name = "low",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(window_entry, low),
     .minimum = 0,
     .maximum = INFINITY},
    {.name = "high",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(window_entry, high),
     .minimum = 0,
     .maximum = INFINITY},
    {.name = "measures",
     .kind = HR_FIELD_TEXTS,
     .offset = offsetof(window_entry, measures),
     .default_text = "[mean, depth, ew]",
     .choices = HR_GATE_MEASURE_CHOICES,
     .least_count = 1},
};
enum { WINDOW_FIELDS = sizeof window_fields / sizeof window_fields[0] };

static const char *const more[] = {"windows"};

static hr_config_section section_of(const hr_gate_kind *kind, const char *path) {
  return (hr_config_section){.path = path,
                             .help = kind->summary,
                             .fields = kind->fields,
                             .count = kind->field_count,
                             .more = more,
                             .more_count = kind == &hr_gate_bayes_kind ? 0 : 1};
}

void hr_config_gates_fini(hr_config *config) {
  for (size_t i = 0; i < config->gate_count; i++) {
    hr_config_gate *gate = &config->gates[i];
    if (gate->parameters) {
      hr_fields_fini(gate->parameters, gate->kind->fields, gate->kind->field_count);
    }
    hr_free(gate->parameters);
  }
  hr_free(config->gates);
}

const hr_config_gate *hr_config_find_gate(const hr_config *config,
                                          const hr_gate_kind *kind) {
  for (size_t i = 0; i < config->gate_count; i++) {
    if (config->gates[i].kind == kind) return &config->gates[i];
  }
  return NULL;
}

static hr_status check_names(const hr_config *config, const hr_yaml_node *gates,
                             hr_error *err) {
  const char *names[MOST_KINDS];
  size_t count = 0;
  const hr_gate_kind *const *kinds = hr_gate_kinds(&count);
  for (size_t i = 0; i < count; i++) names[i] = kinds[i]->name;
  for (size_t i = 0; i < gates->count; i++) {
    const hr_yaml_node *entry = gates->items[i];
    if (hr_gate_kind_find(entry->key)) continue;
    return hr_config_fail_unknown(config->path, entry, "gates", names, count, err);
  }
  return HR_OK;
}

static bool has_expert(const hr_config *config, const char *name) {
  for (size_t i = 0; i < config->expert_count; i++) {
    if (strcmp(config->experts[i].type->name, name) == 0) return true;
  }
  return false;
}

const hr_vit_parameters *hr_config_trunk(const hr_config *config) {
  for (size_t i = 0; i < config->expert_count; i++) {
    const hr_vit_parameters *vit = config->experts[i].parameters;
    if (strcmp(config->experts[i].type->name, hr_vit_method.name) != 0) continue;
    return hr_net_has_heads(&vit->training) ? vit : NULL;
  }
  return NULL;
}

static hr_status check_trunk(const hr_config *config, const hr_config_gate *gate,
                             const hr_yaml_node *node, hr_error *err) {
  const hr_gate_inputs *inputs = hr_gate_kind_inputs(gate->kind, gate->parameters);
  const hr_vit_parameters *vit = hr_config_trunk(config);
  const char *name = gate->kind->name;
  if (!inputs || inputs->trunk == 0) return HR_OK;
  const hr_yaml_mark mark = hr_yaml_find(node, "trunk")->mark;
  if (!vit) {
    return hr_yaml_fail(
        err, config->path, mark,
        "gates.%s.trunk looks at the shared trunk of a ViT; name vit among "
        "the experts, with heads: bins",
        name);
  }
  if (inputs->trunk <= vit->hidden_size) return HR_OK;
  return hr_yaml_fail(err, config->path, mark,
                      "gates.%s.trunk is %lld components of a trunk whose "
                      "experts.vit.hidden_size is %lld; take no more than that",
                      name, (long long)inputs->trunk, (long long)vit->hidden_size);
}

/* What no field says. */
static hr_status check_gate(const hr_config *config, const hr_config_gate *gate,
                            const hr_yaml_node *node, hr_error *err) {
  if (gate->kind == &hr_gate_bayes_kind && !has_expert(config, "posterior")) {
    return hr_yaml_fail(err, config->path, node->key_mark,
                        "gates.bayes sums up the weights of the posterior mean's "
                        "templates; name posterior among the experts");
  }
  hr_status status = check_trunk(config, gate, node, err);
  if (status != HR_OK || gate->kind != &hr_gate_mlp_kind) return status;
  const hr_gate_mlp_parameters *mlp = gate->parameters;
  if (mlp->hidden.count < HR_GATE_MOST_LAYERS) return HR_OK;
  return hr_yaml_fail(err, config->path, hr_yaml_find(node, "hidden")->mark,
                      "gates.mlp.hidden has %zu layers; %d is the most",
                      mlp->hidden.count, HR_GATE_MOST_LAYERS - 1);
}

static hr_status take_window(const hr_config *config, const window_entry *entry,
                             const hr_config_section *section, const hr_yaml_node *node,
                             hr_gate_window *out, hr_error *err) {
  if (strlen(entry->name) >= sizeof out->name) {
    return hr_yaml_fail(err, config->path, hr_yaml_find(node, "name")->mark,
                        "%s.name has more than %zu bytes", section->path,
                        sizeof out->name - 1);
  }
  if (!(entry->low < entry->high)) {
    return hr_yaml_fail(err, config->path, hr_yaml_find(node, "high")->mark,
                        "%s.high is not above its low", section->path);
  }
  snprintf(out->name, sizeof out->name, "%s", entry->name);
  out->low = entry->low;
  out->high = entry->high;
  for (size_t m = 0; m < entry->measures.count; m++) {
    out->measures |= hr_gate_measure_find(entry->measures.items[m]);
  }
  return HR_OK;
}

static hr_status read_window(const hr_config *config, hr_config_gate *gate,
                             const hr_yaml_node *node, hr_error *err) {
  hr_status status = HR_OK;
  char path[64];
  window_entry entry = {0};
  snprintf(path, sizeof path, "gates.%s.windows[%zu]", gate->kind->name,
           gate->window_count);
  const hr_config_section section = {
      .path = path, .help = "", .fields = window_fields, .count = WINDOW_FIELDS};
  HR_TRY(hr_config_read_section(config->path, node, node, &section, &entry, err));
  HR_TRY(take_window(config, &entry, &section, node, &gate->windows[gate->window_count],
                     err));
  gate->window_count++;
cleanup:
  hr_fields_fini(&entry, window_fields, WINDOW_FIELDS);
  return status;
}

static hr_status read_windows(const hr_config *config, hr_config_gate *gate,
                              const hr_yaml_node *list, hr_error *err) {
  if (!list) return HR_OK;
  if (list->kind != HR_YAML_SEQUENCE || list->count == 0 ||
      list->count > HR_GATE_MOST_WINDOWS) {
    return hr_yaml_fail(err, config->path, list->mark,
                        "gates.%s.windows must be a list of one to %d windows, {name: Ca "
                        "II, low: 8490, high: 8510, measures: [mean, depth, ew]}",
                        gate->kind->name, HR_GATE_MOST_WINDOWS);
  }
  hr_status status = HR_OK;
  for (size_t i = 0; status == HR_OK && i < list->count; i++) {
    status = read_window(config, gate, list->items[i], err);
  }
  return status;
}

bool hr_config_gate_table(const hr_config_gate *gate, hr_gate_table *out) {
  const hr_gate_inputs *inputs = hr_gate_kind_inputs(gate->kind, gate->parameters);
  if (!inputs) return false;
  *out = hr_gate_inputs_table(inputs);
  if (gate->window_count == 0) return true;
  snprintf(out->name, sizeof out->name, "own windows");
  memset(out->window, 0, sizeof out->window);
  memset(out->total, 0, sizeof out->total);
  memcpy(out->window, gate->windows, sizeof gate->windows);
  out->window_count = gate->window_count;
  out->total_count = 0;
  return true;
}

static hr_status read_gate(hr_config *config, const hr_gate_kind *kind,
                           const hr_yaml_node *node, hr_error *err) {
  hr_config_gate *gate = &config->gates[config->gate_count];
  char path[64];
  hr_status status = hr_alloc_bytes(&gate->parameters, 1, kind->parameters_size, err);
  if (status != HR_OK) return status;
  gate->kind = kind;
  config->gate_count++;
  snprintf(path, sizeof path, "gates.%s", kind->name);
  const hr_config_section section = section_of(kind, path);
  status =
      hr_config_read_section(config->path, node, node, &section, gate->parameters, err);
  if (status == HR_OK) {
    status = read_windows(config, gate, hr_yaml_find(node, "windows"), err);
  }
  return status == HR_OK ? check_gate(config, gate, node, err) : status;
}

hr_status hr_config_read_gates(hr_config *config, const hr_yaml_node *root,
                               hr_error *err) {
  hr_status status = HR_OK;
  size_t count = 0;
  const hr_gate_kind *const *kinds = hr_gate_kinds(&count);
  const hr_yaml_node *gates = hr_yaml_find(root, "gates");
  HR_TRY(hr_config_check_mapping(config->path, gates, "gates", err));
  if (!gates || gates->kind != HR_YAML_MAPPING) return HR_OK;
  HR_TRY(check_names(config, gates, err));
  HR_TRY(hr_alloc(&config->gates, count, err));
  for (size_t i = 0; i < count; i++) {
    const hr_yaml_node *node = hr_yaml_find(gates, kinds[i]->name);
    if (node) HR_TRY(read_gate(config, kinds[i], node, err));
  }
cleanup:
  return status;
}

static void write_window(const hr_gate_window *window, hr_text *out) {
  char low[HR_FIELD_NUMBER_BYTES], high[HR_FIELD_NUMBER_BYTES];
  unsigned bit = 0;
  const char *between = "", *name = NULL;
  hr_field_format_number(window->low, low);
  hr_field_format_number(window->high, high);
  hr_text_append(out, "      - name: ");
  hr_field_write_text(window->name, out);
  hr_text_append(out, "\n        low: %s\n        high: %s\n        measures: [", low,
                 high);
  for (size_t m = 0; (name = hr_gate_measure_name(m, &bit)) != NULL; m++) {
    if (!(window->measures & bit)) continue;
    hr_text_append(out, "%s%s", between, name);
    between = ", ";
  }
  hr_text_append(out, "]\n");
}

void hr_config_describe_windows(hr_text *out) {
  hr_text_append(
      out,
      "  windows: a list of windows, e.g. {name: Ca II, low: 8490, high: 8510, "
      "measures: [mean, depth, ew]}\n"
      "    In place of the windows of the features, in angstrom as the spectra; "
      "measures are all three by default.\n");
}

void hr_config_write_gates(const hr_config *config, hr_text *out) {
  if (config->gate_count > 0) hr_text_append(out, "gates:\n");
  for (size_t i = 0; i < config->gate_count; i++) {
    const hr_config_gate *gate = &config->gates[i];
    hr_text_append(out, "  %s:\n", gate->kind->name);
    for (size_t f = 0; f < gate->kind->field_count; f++) {
      hr_text_append(out, "    %s: ", gate->kind->fields[f].name);
      hr_field_write(&gate->kind->fields[f], gate->parameters, out);
      hr_text_append(out, "\n");
    }
    if (gate->window_count > 0) hr_text_append(out, "    windows:\n");
    for (size_t w = 0; w < gate->window_count; w++) write_window(&gate->windows[w], out);
  }
}
