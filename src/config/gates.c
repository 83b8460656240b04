/* Gates from the document, each by its table, in the order of the kinds. */
#include "config/gates.h"

#include <stdio.h>
#include <string.h>

#include "config/read.h"
#include "core/alloc.h"
#include "routing/gate.h"

enum { MOST_KINDS = 8 };

static hr_config_section section_of(const hr_gate_kind *kind, const char *path) {
  return (hr_config_section){.path = path,
                             .help = kind->summary,
                             .fields = kind->fields,
                             .count = kind->field_count};
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

/* What no field says. */
static hr_status check_gate(const hr_config *config, const hr_config_gate *gate,
                            const hr_yaml_node *node, hr_error *err) {
  if (gate->kind == &hr_gate_bayes_kind && !has_expert(config, "posterior")) {
    return hr_yaml_fail(err, config->path, node->key_mark,
                        "gates.bayes sums up the weights of the posterior mean's "
                        "templates; name posterior among the experts");
  }
  if (gate->kind != &hr_gate_mlp_kind) return HR_OK;
  const hr_gate_mlp_parameters *mlp = gate->parameters;
  if (mlp->hidden.count < HR_GATE_MOST_LAYERS) return HR_OK;
  return hr_yaml_fail(err, config->path, hr_yaml_find(node, "hidden")->mark,
                      "gates.mlp.hidden has %zu layers; %d is the most",
                      mlp->hidden.count, HR_GATE_MOST_LAYERS - 1);
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
  }
}
