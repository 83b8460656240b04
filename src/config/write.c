/* A configuration back as YAML: resolved, as the part that identifies a study, or as the
 * manual of all keys. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/binning.h"
#include "config/columns.h"
#include "config/config.h"
#include "config/gates.h"
#include "config/labels.h"
#include "config/places.h"
#include "config/table.h"
#include "config/targets.h"
#include "core/alloc.h"
#include "core/paths.h"

/* The last key of a section's path, and how far its lines are indented. */
static const char *last_key(const char *path, const char **indent) {
  const char *dot = strchr(path, '.');
  *indent = dot ? "    " : "  ";
  return dot ? dot + 1 : path;
}

static void write_field(const hr_field *field, const void *parameters, const char *indent,
                        hr_text *out) {
  hr_text_append(out, "%s%s: ", indent, field->name);
  hr_field_write(field, parameters, out);
  hr_text_append(out, "\n");
}

/* Of files an identity has the contents, not the paths. */
static void write_fields(const hr_config_section *section, const void *parameters,
                         const char *indent, bool is_identity, hr_text *out) {
  for (size_t i = 0; i < section->count; i++) {
    const hr_field *field = &section->fields[i];
    if (hr_field_is_none(field, parameters) || (is_identity && field->is_path)) continue;
    write_field(field, parameters, indent, out);
  }
}

static void write_section(const hr_config *config, const char *path, hr_text *out) {
  const char *indent = "";
  const char *key = last_key(path, &indent);
  hr_text_append(out, "%s%s:\n", indent + 2, key);
  write_fields(hr_config_find_section(path), config, indent, false, out);
}

/* As a section of its own: paths are written as they were found, not as they were asked
 * for, so that a glob keeps its meaning, and characters of their own mean no other. */
static hr_status write_data(const hr_config *config, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_config resolved = *config;
  const hr_strings *paths = &config->data.train_paths;
  char *escaped = NULL;
  resolved.data.train = (hr_strings){0};
  resolved.data.test = NULL;
  for (size_t i = 0; i < paths->count; i++) {
    HR_TRY(hr_escape_path(paths->items[i], &escaped, err));
    HR_TRY(hr_strings_append(&resolved.data.train, escaped, err));
    hr_free(escaped);
    escaped = NULL;
  }
  HR_TRY(hr_escape_path(config->data.test_path, &resolved.data.test, err));
  write_section(&resolved, "data", out);
  hr_config_write_units(config, out);
  hr_config_write_columns(config, out);
  hr_config_write_places(config, out);
  HR_TRY(hr_config_write_labels(config, out, err));
  write_section(&resolved, "data.noise", out);
cleanup:
  hr_strings_fini(&resolved.data.train);
  hr_free(resolved.data.test);
  hr_free(escaped);
  return status;
}

static void write_axes(const hr_config *config, hr_text *out) {
  hr_text_append(out, "  axes:\n");
  for (size_t a = 0; a < config->binning.given_count; a++) {
    const hr_config_axis *axis = &config->binning.given[a];
    hr_text_append(out, "    ");
    hr_field_write_text(axis->label, out);
    hr_text_append(out, ": ");
    hr_field_write(&hr_config_edges_field, &axis->edges, out);
    hr_text_append(out, "\n");
  }
}

/* A study that has no `axes` is written as before there were any, so that its run
 * directories go on. That the target may be an axis changes no number. */
static bool is_binning_written(const hr_config *config, const char *key,
                               bool is_identity) {
  if (strcmp(key, "T_eff") == 0 || strcmp(key, "M_H") == 0) {
    return hr_config_has_old_axes(config);
  }
  if (strcmp(key, "allow_target") != 0) return true;
  return config->binning.allow_target && !is_identity;
}

static void write_binning(const hr_config *config, bool is_identity, hr_text *out) {
  const hr_config_section *section = hr_config_find_section("binning");
  hr_text_append(out, "binning:\n");
  if (!hr_config_has_old_axes(config)) write_axes(config, out);
  for (size_t i = 0; i < section->count; i++) {
    if (!is_binning_written(config, section->fields[i].name, is_identity)) continue;
    write_field(&section->fields[i], config, "  ", out);
  }
  hr_text_append(out, "  names:\n");
  for (size_t k = 0; k < config->binning.bin_count; k++) {
    hr_text_append(out, "    %zu: ", k);
    hr_field_write_text(config->binning.names[k], out);
    hr_text_append(out, "\n");
  }
}

static void write_experts(const hr_config *config, bool is_identity, hr_text *out) {
  hr_text_append(out, "experts:\n");
  for (size_t i = 0; i < config->expert_count - config->control_count; i++) {
    const hr_config_expert *expert = &config->experts[i];
    hr_config_section section = hr_config_expert_section(expert->type, "");
    hr_text_append(out, "  %s:%s\n", expert->type->name, section.count ? "" : " {}");
    write_fields(&section, expert->parameters, "    ", is_identity, out);
  }
}

static void write_baselines(const hr_config *config, hr_text *out) {
  hr_text_append(out, "baselines:%s\n", config->baseline_count ? "" : " {}");
  for (size_t i = 0; i < config->baseline_count; i++) {
    hr_text_append(out, "  ");
    hr_field_write_text(config->baselines[i].name, out);
    hr_text_append(out, ": ");
    hr_field_write(&hr_config_baseline_field, &config->baselines[i], out);
    hr_text_append(out, "\n");
  }
}

/* Only where the study says something: it is no part of what most say. */
static void write_next(const hr_config *config, const char *path, hr_text *out) {
  const hr_config_section *section = hr_config_find_section(path);
  for (size_t i = 0; i < section->count; i++) {
    if (hr_field_is_none(&section->fields[i], config)) continue;
    write_section(config, path, out);
    return;
  }
}

static void write_pages(const hr_config *config, hr_text *out) {
  hr_text_append(out, "publish:%s\n", config->page_count ? "" : " []");
  for (size_t i = 0; i < config->page_count; i++) {
    hr_text_append(out, "  - page: ");
    hr_field_write_text(config->pages[i].page, out);
    hr_text_append(out, "\n    block: ");
    hr_field_write_text(config->pages[i].block, out);
    hr_text_append(out, "\n");
  }
}

hr_status hr_config_write(const hr_config *config, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  write_section(config, "experiment", out);
  HR_TRY(write_data(config, out, err));
  write_binning(config, false, out);
  write_section(config, "selection", out);
  write_experts(config, false, out);
  hr_config_write_gates(config, out);
  write_baselines(config, out);
  write_section(config, "controls", out);
  write_section(config, "gate", out);
  write_next(config, "gate.on_pass", out);
  write_next(config, "gate.on_fail", out);
  if (!config->figures.titles) write_section(config, "figures", out);
  write_pages(config, out);
  write_section(config, "run", out);
  status = hr_text_status(out, err);
cleanup:
  return status;
}

/* A study that leaves these as they are is written as before there were any. */
static void write_preparation(const hr_config *config, hr_text *out) {
  if (strcmp(config->data.clip, "auto") != 0) {
    hr_text_append(out, "clip: %s\n", config->data.clip);
  }
  if (config->data.mask_bits != HR_MASK_ANY) {
    hr_text_append(out, "mask: %" PRIx64 "\n", config->data.mask_bits);
  }
  if (config->data.reject_outliers) hr_text_append(out, "reject_outliers: true\n");
  if (strcmp(config->data.unlabelled, "refuse") != 0) {
    hr_text_append(out, "unlabelled: %s\n", config->data.unlabelled);
  }
  if (strcmp(config->data.rv, "0") != 0) {
    hr_text_append(out, "rv: ");
    hr_field_write_text(config->data.rv, out);
    hr_text_append(out, "\n");
    for (size_t i = 0; i < config->data.rv_range.count; i++) {
      hr_text_append(out, "rv_range: %.17g\n", config->data.rv_range.items[i]);
    }
  }
  if (config->data.rows > 0)
    hr_text_append(out, "rows: %" PRId64 "\n", config->data.rows);
}

hr_status hr_config_write_identity(const hr_config *config, hr_text *out, hr_error *err) {
  hr_text_append(out, "experiment: ");
  hr_field_write_text(config->experiment.id, out);
  hr_text_append(out, "\ntarget: ");
  hr_field_write(hr_fields_find(hr_config_find_section("data")->fields,
                                hr_config_find_section("data")->count, "target"),
                 config, out);
  hr_text_append(out, "\n");
  write_preparation(config, out);
  for (size_t i = 0; i < config->data.id.count; i++) {
    hr_text_append(out, "id: ");
    hr_field_write_text(config->data.id.items[i], out);
    hr_text_append(out, "\n");
  }
  write_section(config, "data.noise", out);
  write_binning(config, true, out);
  write_section(config, "selection", out);
  write_experts(config, true, out);
  hr_config_write_gates(config, out);
  write_baselines(config, out);
  write_section(config, "controls", out);
  write_section(config, "gate", out);
  return hr_text_status(out, err);
}

static void describe_section(const char *title, const hr_config_section *section,
                             hr_text *out) {
  hr_text_append(out, "%s%s: %s\n", out->length ? "\n" : "", title, section->help);
  for (size_t i = 0; i < section->count; i++) {
    hr_text_append(out, "  ");
    hr_field_describe(&section->fields[i], out);
  }
}

static void describe_sections(hr_text *out) {
  size_t count = 0;
  const hr_config_section *sections = hr_config_sections(&count);
  for (size_t i = 0; i < count; i++) {
    describe_section(sections[i].path, &sections[i], out);
    if (strcmp(sections[i].path, "data") == 0) {
      hr_text_append(out,
                     "  units: a mapping of labels to units, e.g. {rv: km/s}\n"
                     "    The units of labels, where the program does not know "
                     "them, or other ones.\n"
                     "  columns: a mapping of labels to columns, e.g. {T_eff: Teff}\n"
                     "    What the files call labels, where that is not the name that "
                     "the study has for them.\n"
                     "  paths: a mapping of flux, error, noisy, mask, wave and labels to "
                     "paths, e.g. {flux: /spectra/flux}\n"
                     "    Where these stand in the files, if not where docs/formats.md "
                     "has them.\n");
      hr_config_describe_labels(out);
    }
    if (strcmp(sections[i].path, "binning") != 0) continue;
    hr_text_append(out,
                   "  axes: a mapping of one to four label columns to their edges, e.g. "
                   "{snr: [5, 20, 80]}\n"
                   "    The grid of bins along any labels, in place of T_eff and M_H; "
                   "the last axis runs fastest.\n"
                   "  names: a mapping of bins to names, e.g. {3: Mid Poor}\n"
                   "    What bins are called; by default as in the study where the grid "
                   "is 3 x 3, else \"Bin 4\".\n");
  }
}

static void describe_experts(hr_text *out) {
  size_t count = 0;
  const hr_method *const *types = hr_methods(&count);
  hr_text_append(out,
                 "\nexperts: The methods that compete in every bin; ridge alone by "
                 "default. An empty value takes all defaults.\n");
  for (size_t i = 0; i < count; i++) {
    hr_text title;
    hr_text_init(&title);
    hr_text_append(&title, "experts.%s", types[i]->name);
    hr_config_section section = hr_config_expert_section(types[i], "");
    describe_section(title.bytes ? title.bytes : types[i]->name, &section, out);
    if (!types[i]->destroy) {
      hr_text_append(out, "  (In the grammar, but not yet trained by this build.)\n");
    }
    hr_text_fini(&title);
  }
  hr_config_section outside =
      hr_config_expert_section(&hr_outside_method_of_any_name, "");
  describe_section("experts.NAME", &outside, out);
}

static void describe_gates(hr_text *out) {
  size_t count = 0;
  const hr_gate_kind *const *kinds = hr_gate_kinds(&count);
  hr_text_append(out,
                 "\ngates: What routes rows without the truth, by their spectra; none by "
                 "default. An empty value takes all defaults.\n");
  for (size_t i = 0; i < count; i++) {
    char title[64];
    snprintf(title, sizeof title, "gates.%s", kinds[i]->name);
    const hr_config_section section = {.help = kinds[i]->summary,
                                       .fields = kinds[i]->fields,
                                       .count = kinds[i]->field_count};
    describe_section(title, &section, out);
    if (kinds[i] != &hr_gate_bayes_kind) hr_config_describe_windows(out);
  }
}

void hr_config_describe(hr_text *out) {
  describe_sections(out);
  describe_experts(out);
  describe_gates(out);
  hr_text_append(out,
                 "\nbaselines: A mapping of names to R2, each at most 1: results from "
                 "outside, drawn beside the ladder; none by default.\n");
  describe_section(hr_config_pages.path, &hr_config_pages, out);
}
