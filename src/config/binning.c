/* The grid of bins from the document: axes, then names and focus, which depend on how
 * many bins there are. T_eff and M_H by keys of their own are the grid of a study that
 * was written before axes had names; such a study reads and writes as ever. */
#include "config/binning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* A name that stands alone in a char *: of a bin, of a label. */
static const hr_field name_field = {.name = "name", .kind = HR_FIELD_TEXT};

const hr_field hr_config_edges_field = {.name = "edges",
                                        .kind = HR_FIELD_NUMBERS,
                                        .minimum = (double)-INFINITY,
                                        .maximum = (double)INFINITY,
                                        .order = HR_FIELD_INCREASING,
                                        .least_count = 2};

void hr_config_binning_fini(hr_config *config) {
  for (size_t a = 0; a < config->binning.given_count; a++) {
    hr_free(config->binning.given[a].label);
    hr_free(config->binning.given[a].edges.items);
  }
  for (size_t k = 0; config->binning.names && k < config->binning.bin_count; k++) {
    hr_free(config->binning.names[k]);
  }
  hr_free(config->binning.names);
}

bool hr_config_has_old_axes(const hr_config *config) {
  return config->binning.given_count == 0;
}

static hr_axis axis_of(const char *label, const hr_numbers *edges) {
  return (hr_axis){label, edges->items, edges->count};
}

/* The old keys have defaults, so that what stands beside `axes` is seen in the file. */
static hr_status refuse_old_keys(const hr_config *config, const hr_yaml_node *binning,
                                 hr_error *err) {
  static const char *const keys[] = {"T_eff", "M_H"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const hr_yaml_node *old = hr_yaml_find(binning, keys[i]);
    if (!old) continue;
    return hr_yaml_fail(err, config->path, old->key_mark,
                        "binning.%s stands beside binning.axes, which names all axes; "
                        "write it as one of them",
                        keys[i]);
  }
  return HR_OK;
}

static hr_status read_axis(hr_config *config, const hr_yaml_node *entry, hr_error *err) {
  hr_status status = HR_OK;
  hr_config_axis *axis = &config->binning.given[config->binning.given_count++];
  hr_config_name label = {config->path, "a label in binning.axes", ""};
  hr_config_name name = {config->path, "binning.axes", entry->key};
  hr_config_place place = hr_config_place_of(&label, entry->key_mark);
  HR_TRY(hr_field_read(&name_field, place.text, entry->key, &axis->label, err));
  HR_TRY(hr_config_read_field(&name, entry, &hr_config_edges_field, &axis->edges, err));
cleanup:
  return status;
}

static hr_status read_given(hr_config *config, const hr_yaml_node *binning,
                            const hr_yaml_node *axes, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_config_check_mapping(config->path, axes, "binning.axes", err));
  HR_TRY(refuse_old_keys(config, binning, err));
  if (axes->count == 0 || axes->count > HR_MOST_AXES) {
    return hr_yaml_fail(err, config->path, axes->mark,
                        "binning.axes has %zu axes; give one to %d label columns, each "
                        "with its edges",
                        axes->count, HR_MOST_AXES);
  }
  for (size_t a = 0; a < axes->count; a++) {
    HR_TRY(read_axis(config, axes->items[a], err));
  }
cleanup:
  return status;
}

static void drop(hr_numbers *numbers) {
  hr_free(numbers->items);
  *numbers = (hr_numbers){0};
}

static hr_status read_axes(hr_config *config, const hr_yaml_node *binning,
                           hr_error *err) {
  const hr_yaml_node *axes = hr_yaml_find(binning, "axes");
  hr_axis *all = config->binning.axes;
  if (!axes) {
    all[0] = axis_of("T_eff", &config->binning.T_eff);
    all[1] = axis_of("M_H", &config->binning.M_H);
    config->binning.axis_count = 2;
    return HR_OK;
  }
  hr_status status = read_given(config, binning, axes, err);
  if (status != HR_OK) return status;
  for (size_t a = 0; a < config->binning.given_count; a++) {
    const hr_config_axis *given = &config->binning.given[a];
    all[a] = axis_of(given->label, &given->edges);
  }
  config->binning.axis_count = config->binning.given_count;
  drop(&config->binning.T_eff);
  drop(&config->binning.M_H);
  return HR_OK;
}

/* The axis of that label; axis_count: there is none. */
static size_t find_axis(const hr_config *config, const char *label) {
  size_t a = 0;
  while (a < config->binning.axis_count &&
         strcmp(config->binning.axes[a].label, label) != 0) {
    a++;
  }
  return a;
}

/* Where the target is an axis the true bin gives it away: every score of what is routed
 * by true labels would be too good. One call a target. */
static hr_status check_target(const hr_config *config, const char *target,
                              const hr_yaml_node *root, hr_error *err) {
  if (config->binning.allow_target) return HR_OK;
  if (find_axis(config, target) == config->binning.axis_count) return HR_OK;
  const hr_yaml_node *binning = hr_yaml_find(root, "binning");
  bool old = hr_config_has_old_axes(config);
  const hr_yaml_node *where =
      hr_yaml_find(old ? binning : hr_yaml_find(binning, "axes"), target);
  hr_yaml_mark mark =
      where ? where->key_mark : hr_yaml_find(hr_yaml_find(root, "data"), "target")->mark;
  return hr_yaml_fail(err, config->path, mark,
                      "the target %s is an axis of binning, so that the true bin tells "
                      "the answer; take other axes, or say binning.allow_target: true",
                      target);
}

/* The grid whose bins have names of their own. */
static bool is_study_grid(const hr_config *config) {
  const hr_axis *axes = config->binning.axes;
  return config->binning.axis_count == 2 && strcmp(axes[0].label, "T_eff") == 0 &&
         strcmp(axes[1].label, "M_H") == 0 && axes[0].edge_count == 4 &&
         axes[1].edge_count == 4;
}

static hr_status count_bins(hr_config *config, const hr_yaml_node *binning,
                            hr_error *err) {
  size_t count = hr_bin_count(config->binning.axes, config->binning.axis_count);
  if (count > HR_MOST_BINS) { /* cannot be by default, so there is a node */
    return hr_yaml_fail(err, config->path, binning->mark,
                        "binning has %zu bins, more than %d; give fewer edges", count,
                        HR_MOST_BINS);
  }
  hr_status status = hr_alloc(&config->binning.names, count, err);
  if (status == HR_OK) config->binning.bin_count = count;
  return status;
}

static hr_status name_bin(hr_config *config, const hr_yaml_node *names, size_t k,
                          hr_error *err) {
  char index[32], numbered[64];
  snprintf(index, sizeof index, "%zu", k);
  snprintf(numbered, sizeof numbered, "Bin %zu", k);
  const hr_yaml_node *given = hr_yaml_find(names, index);
  char **name = &config->binning.names[k];
  if (given) {
    hr_config_name place = {config->path, "binning.names", index};
    return hr_config_read_field(&place, given, &name_field, name, err);
  }
  const char *usual = is_study_grid(config) ? hr_config_study_bin_name(k) : numbered;
  return hr_copy_text(usual, name, err);
}

static bool is_bin_given(const hr_yaml_node *names, size_t k, hr_yaml_mark *mark) {
  char index[32];
  snprintf(index, sizeof index, "%zu", k);
  const hr_yaml_node *given = hr_yaml_find(names, index);
  if (given) *mark = given->mark;
  return given != NULL;
}

/* Tables and figures tell bins apart by their names. */
static hr_status check_bin_names(const hr_config *config, const hr_yaml_node *names,
                                 hr_error *err) {
  char *const *name = config->binning.names;
  for (size_t k = 1; k < config->binning.bin_count; k++) {
    for (size_t before = 0; before < k; before++) {
      hr_yaml_mark mark;
      if (strcmp(name[k], name[before]) != 0) continue;
      if (!is_bin_given(names, k, &mark) && !is_bin_given(names, before, &mark)) continue;
      return hr_yaml_fail(err, config->path, mark,
                          "binning.names calls both bin %zu and bin %zu '%.60s'; give "
                          "each bin a name of its own",
                          before, k, name[k]);
    }
  }
  return HR_OK;
}

/* Whether `text` is a bin's number, written as we would write it. */
static bool is_bin(const char *text, size_t bin_count) {
  char again[32];
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 9 || text[digits] != '\0') return false;
  unsigned long k = strtoul(text, NULL, 10);
  snprintf(again, sizeof again, "%lu", k);
  return k < bin_count && strcmp(again, text) == 0;
}

static hr_status name_bins(hr_config *config, const hr_yaml_node *names, hr_error *err) {
  hr_status status = HR_OK;
  size_t bin_count = config->binning.bin_count;
  HR_TRY(hr_config_check_mapping(config->path, names, "binning.names", err));
  for (size_t i = 0; names && i < names->count; i++) {
    const hr_yaml_node *entry = names->items[i];
    if (is_bin(entry->key, bin_count)) continue;
    return hr_yaml_fail(err, config->path, entry->key_mark,
                        "binning.names names the bin '%.60s', but the grid has the bins "
                        "0 to %zu",
                        entry->key, bin_count - 1);
  }
  for (size_t k = 0; k < bin_count; k++) HR_TRY(name_bin(config, names, k, err));
  HR_TRY(check_bin_names(config, names, err));
cleanup:
  return status;
}

hr_status hr_config_check_bins(const hr_config *config, const hr_config_name *name,
                               const hr_yaml_node *node, const hr_numbers *bins,
                               hr_error *err) {
  for (size_t i = 0; i < bins->count; i++) {
    if (bins->items[i] < (double)config->binning.bin_count) continue;
    bool is_list = node->kind == HR_YAML_SEQUENCE;
    hr_yaml_mark mark = is_list ? node->items[i]->mark : node->mark;
    hr_config_place place = hr_config_place_of_item(name, mark, i);
    return hr_fail(err, HR_ERR_CONFIG, "%s is %.15g, but the grid has the bins 0 to %zu",
                   place.text, bins->items[i], config->binning.bin_count - 1);
  }
  return HR_OK;
}

hr_status hr_config_take_all_bins(const hr_config *config, hr_numbers *bins,
                                  hr_error *err) {
  size_t count = config->binning.bin_count;
  hr_status status = hr_realloc(&bins->items, bins->count, count, err);
  if (status != HR_OK) return status;
  for (size_t k = 0; k < count; k++) bins->items[k] = (double)k;
  bins->count = count;
  return HR_OK;
}

static hr_status read_focus(hr_config *config, const hr_yaml_node *focus, hr_error *err) {
  hr_config_name name = {config->path, "binning", "focus"};
  hr_numbers *bins = &config->binning.focus;
  if (hr_config_is_all(focus)) return hr_config_take_all_bins(config, bins, err);
  return focus ? hr_config_check_bins(config, &name, focus, bins, err) : HR_OK;
}

hr_status hr_config_binning_read(hr_config *config, const hr_yaml_node *root,
                                 hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *binning = hr_yaml_find(root, "binning");
  HR_TRY(read_axes(config, binning, err));
  for (size_t t = 0; t < config->data.target.count; t++) {
    HR_TRY(check_target(config, config->data.target.items[t], root, err));
  }
  HR_TRY(count_bins(config, binning, err));
  HR_TRY(name_bins(config, hr_yaml_find(binning, "names"), err));
  HR_TRY(read_focus(config, hr_yaml_find(binning, "focus"), err));
cleanup:
  return status;
}
