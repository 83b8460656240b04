/* From a YAML document to hr_config: sections by their tables, then what no table can
 * say, such as names of bins, experts with their parameters, controls and pages.
 * Whatever is wrong is told with line and column before anything else is done. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "config/binning.h"
#include "config/columns.h"
#include "config/gates.h"
#include "config/labels.h"
#include "config/mask.h"
#include "config/overrides.h"
#include "config/paths.h"
#include "config/places.h"
#include "config/problems.h"
#include "config/read.h"
#include "config/table.h"
#include "config/targets.h"
#include "core/alloc.h"
#include "core/file.h"
#include "methods/ridge/leakage.h"
#include "methods/ridge/placebo.h"
#include "methods/ridge/ridge.h"

/* A name that stands alone in a char *: of a bin, of a baseline. */
static const hr_field name_field = {.name = "name", .kind = HR_FIELD_TEXT};

static void destroy_experts(hr_config *config) {
  for (size_t i = 0; i < config->expert_count; i++) {
    hr_config_expert *expert = &config->experts[i];
    if (expert->parameters) {
      hr_fields_fini(expert->parameters, expert->type->fields, expert->type->field_count);
    }
    hr_free(expert->parameters);
    hr_free(expert->outside);
  }
  hr_free(config->experts);
}

void hr_config_destroy(hr_config **out) {
  hr_config *config = *out;
  if (!config) return;
  size_t section_count = 0;
  const hr_config_section *sections = hr_config_sections(&section_count);
  for (size_t i = 0; i < section_count; i++) {
    hr_fields_fini(config, sections[i].fields, sections[i].count);
  }
  hr_strings_fini(&config->data.train_paths);
  hr_strings_fini(&config->data.unit_labels);
  hr_strings_fini(&config->data.units);
  hr_strings_fini(&config->data.column_labels);
  hr_strings_fini(&config->data.columns);
  hr_strings_fini(&config->data.path_roles);
  hr_strings_fini(&config->data.paths);
  for (size_t set = 0; set < 2; set++) {
    hr_strings_fini(&config->data.label_tables[set]);
  }
  hr_free(config->data.test_path);
  hr_config_binning_fini(config);
  destroy_experts(config);
  hr_config_gates_fini(config);
  for (size_t i = 0; i < config->baseline_count; i++) {
    hr_free(config->baselines[i].name);
  }
  hr_free(config->baselines);
  for (size_t i = 0; i < config->page_count; i++) {
    hr_fields_fini(&config->pages[i], hr_config_pages.fields, hr_config_pages.count);
  }
  hr_free(config->pages);
  hr_free(config->path);
  hr_free(config);
  *out = NULL;
}

/* The node of a section's path, at most two keys deep; *parent is the last node there is
 * on the way. */
static const hr_yaml_node *find_section(const hr_yaml_node *root, const char *path,
                                        const hr_yaml_node **parent) {
  char first[32];
  const char *dot = strchr(path, '.');
  *parent = root;
  if (!dot) return hr_yaml_find(root, path);
  snprintf(first, sizeof first, "%.*s", (int)(dot - path), path);
  const hr_yaml_node *outer = hr_yaml_find(root, first);
  if (outer) *parent = outer;
  return hr_yaml_find(outer, dot + 1);
}

static hr_status read_sections(hr_config *config, const hr_yaml_node *root,
                               hr_error *err) {
  size_t count = 0;
  const hr_config_section *sections = hr_config_sections(&count);
  const char *file = config->path;
  hr_status status =
      hr_config_read_section(file, root, root, &hr_config_top, config, err);
  for (size_t i = 0; status == HR_OK && i < count; i++) {
    const hr_yaml_node *parent = NULL;
    const hr_yaml_node *node = find_section(root, sections[i].path, &parent);
    status = hr_config_read_section(file, node, parent, &sections[i], config, err);
  }
  return status;
}

/* By default those that the study asks about; where it asks about none, the default is of
 * the study's grid: of a smaller one those that it has, all where it has none of them. */
static hr_status fit_bins_to_grid(const hr_config *config, hr_numbers *bins,
                                  hr_error *err) {
  const hr_numbers *focus = &config->binning.focus;
  size_t kept = 0;
  if (focus->count > 0) {
    hr_status status = hr_realloc(&bins->items, bins->count, focus->count, err);
    if (status != HR_OK) return status;
    memcpy(bins->items, focus->items, focus->count * sizeof *focus->items);
    bins->count = focus->count;
    return HR_OK;
  }
  for (size_t i = 0; i < bins->count; i++) {
    bool is_there = bins->items[i] < (double)config->binning.bin_count;
    if (is_there) bins->items[kept++] = bins->items[i];
  }
  if (kept == 0) return hr_config_take_all_bins(config, bins, err);
  bins->count = kept;
  return HR_OK;
}

/* A parameter called `bins` limits an expert to some bins, whatever the method. */
static hr_status check_expert_bins(const hr_config *config,
                                   const hr_config_expert *expert,
                                   const hr_config_name *name, const hr_yaml_node *node,
                                   hr_error *err) {
  const hr_method *type = expert->type;
  const hr_field *field = hr_fields_find(type->fields, type->field_count, "bins");
  if (!field || field->kind != HR_FIELD_NUMBERS) return HR_OK;
  hr_numbers *bins = (void *)((char *)expert->parameters + field->offset);
  const hr_yaml_node *given = hr_yaml_find(node, "bins");
  if (hr_field_is_none(field, expert->parameters) && !hr_config_is_all(given)) {
    return HR_OK;
  }
  if (hr_config_is_all(given)) return hr_config_take_all_bins(config, bins, err);
  bool is_default = !given || (bins->count == 0 && field->may_be_auto);
  hr_status status = is_default ? fit_bins_to_grid(config, bins, err) : HR_OK;
  if (status != HR_OK) return status;
  return hr_config_check_bins(config, name, given ? given : node, bins, err);
}

/* `node`: the expert's mapping, null, or NULL; `parent` what is named in its place. */
static hr_status read_expert(hr_config *config, const hr_method *type,
                             const hr_yaml_node *node, const hr_yaml_node *parent,
                             hr_error *err) {
  hr_config_expert *expert = &config->experts[config->expert_count];
  hr_status status = hr_alloc_bytes(&expert->parameters, 1, type->parameters_size, err);
  if (status != HR_OK) return status;
  expert->type = type;
  expert->mark = node ? node->mark : parent->mark;
  config->expert_count++;
  char path[64];
  snprintf(path, sizeof path, "experts.%s", type->name);
  hr_config_section section = hr_config_expert_section(type, path);
  hr_config_name name = {config->path, path, "bins"};
  status = hr_config_read_section(config->path, node, parent, &section,
                                  expert->parameters, err);
  if (status != HR_OK) return status;
  status = check_expert_bins(config, expert, &name, node ? node : parent, err);
  if (status == HR_OK && type->form) expert->type = type->form(expert->parameters);
  return status;
}

/* An entry with predictions or a network is a model from elsewhere, whatever it is
 * called. */
static bool names_source(const hr_yaml_node *entry) {
  return hr_yaml_find(entry, "predictions") || hr_yaml_find(entry, "onnx");
}

static bool is_outside(const hr_yaml_node *entry) {
  return !hr_method_find(entry->key) && names_source(entry);
}

static hr_status fail_sources(const hr_config *config, const hr_yaml_node *entry,
                              bool has_both, hr_error *err) {
  return hr_yaml_fail(err, config->path, entry->key_mark,
                      "experts.%s has %s predictions %s onnx; give one of them, the file "
                      "of the predictions or that of the model",
                      entry->key, has_both ? "both" : "neither",
                      has_both ? "and" : "nor");
}

/* The name of another method that is called so in tables; NULL: there is none. Titles
 * that differ in the case of letters alone are taken for each other. */
static const char *find_titled(const hr_config *config, const hr_config_expert *own) {
  const hr_method *const controls[] = {&hr_placebo_method, &hr_leakage_method};
  const char *title = own->type->title;
  size_t count = 0;
  const hr_method *const *types = hr_methods(&count);
  for (size_t i = 0; i < count; i++) {
    if (strcasecmp(types[i]->title, title) == 0) return types[i]->name;
  }
  for (size_t i = 0; i < 2; i++) {
    if (strcasecmp(controls[i]->title, title) == 0) return controls[i]->name;
  }
  for (size_t i = 0; i < config->expert_count; i++) {
    const hr_config_expert *other = &config->experts[i];
    if (other == own) continue;
    if (strcasecmp(other->type->title, title) == 0) return other->type->name;
  }
  return NULL;
}

/* The title of a model from elsewhere, its name where none is given. */
static hr_status take_title(const hr_config *config, const hr_yaml_node *entry,
                            const hr_config_expert *expert, hr_error *err) {
  hr_error reason = {.status = HR_OK};
  const hr_outside_parameters *p = expert->parameters;
  const hr_yaml_node *node = hr_yaml_find(entry, "title");
  hr_yaml_mark mark = node ? node->mark : entry->key_mark;
  if (p->title &&
      hr_outside_method_set_title(expert->outside, p->title, &reason) != HR_OK) {
    return hr_yaml_fail(err, config->path, mark, "experts.%s.title %s", entry->key,
                        reason.message);
  }
  if (hr_outside_title_is_taken(expert->type->title)) {
    return hr_yaml_fail(err, config->path, mark,
                        "experts.%s.title is '%s', as tables call a rung of the ladder, "
                        "or what is made of models, such as Global Ridge, Ridge-Oracle "
                        "and Oracle-Hybrid; give the model another title",
                        entry->key, expert->type->title);
  }
  const char *other = find_titled(config, expert);
  if (!other) return HR_OK;
  return hr_yaml_fail(err, config->path, mark,
                      "experts.%s.title is '%s', and tables call %s so; give the model "
                      "another title",
                      entry->key, expert->type->title, other);
}

static hr_status read_outside(hr_config *config, const hr_yaml_node *entry,
                              hr_error *err) {
  hr_outside_method *made = NULL;
  size_t number = config->expert_count;
  if (!hr_outside_name_is_good(entry->key)) {
    return hr_yaml_fail(
        err, config->path, entry->key_mark,
        "experts: '%.60s' cannot name a model from elsewhere; use at most "
        "31 small letters, digits and '_', a letter first, and no word of "
        "the program's own such as hybrid or global",
        entry->key);
  }
  bool is_run = hr_yaml_find(entry, "onnx") != NULL;
  if (is_run && hr_yaml_find(entry, "predictions")) {
    return fail_sources(config, entry, true, err);
  }
  hr_status status = hr_outside_method_create(entry->key, is_run, &made, err);
  if (status != HR_OK) return status;
  status = read_expert(config, &made->method, entry, entry, err);
  if (config->expert_count == number) {
    hr_free(made);
    return status;
  }
  hr_config_expert *expert = &config->experts[number];
  expert->outside = made;
  const hr_outside_parameters *p = expert->parameters;
  if (status == HR_OK && !p->predictions && !p->onnx) {
    status = fail_sources(config, entry, false, err);
  }
  if (status == HR_OK && p->onnx && p->id && !p->validation) {
    status = hr_yaml_fail(err, config->path, hr_yaml_find(entry, "id")->mark,
                          "experts.%s.id has no effect without validation, whose rows it "
                          "names; leave it out",
                          entry->key);
  }
  if (status == HR_OK && p->onnx && (p->scale.count == 0 || p->scale.count % 2 != 0)) {
    status =
        hr_yaml_fail(err, config->path, hr_yaml_find(entry, "scale")->mark,
                     "experts.%s.scale has %zu number%s; give an offset and a factor "
                     "of each target: [mean, standard deviation] where labels were "
                     "standardised",
                     entry->key, p->scale.count, p->scale.count == 1 ? "" : "s");
  }
  if (status == HR_OK) hr_outside_method_set_bins(made, p->bins.count > 0);
  return status == HR_OK ? take_title(config, entry, expert, err) : status;
}

/* A name like none that is known may be that of a model from elsewhere. */
static hr_status fail_no_expert(const hr_config *config, const hr_yaml_node *entry,
                                const char *const *names, size_t count, hr_error *err) {
  hr_text list;
  hr_text_init(&list);
  for (size_t i = 0; i < count; i++) {
    hr_text_append(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_yaml_fail(err, config->path, entry->key_mark,
                          "the key 'experts.%.60s' is not known; the keys here are %s, "
                          "and a model from elsewhere needs predictions or onnx",
                          entry->key, list.bytes);
  }
  hr_text_fini(&list);
  return status;
}

static hr_status check_expert_names(const hr_config *config, const hr_yaml_node *experts,
                                    hr_error *err) {
  enum { MOST = 64 };
  const char *names[MOST];
  size_t count = 0;
  const hr_method *const *types = hr_methods(&count);
  if (count > MOST) count = MOST;
  for (size_t i = 0; i < count; i++) names[i] = types[i]->name;
  for (size_t i = 0; i < experts->count; i++) {
    const hr_yaml_node *entry = experts->items[i];
    if (hr_method_find(entry->key) && names_source(entry)) {
      return hr_yaml_fail(err, config->path, entry->key_mark,
                          "experts.%s is an expert of this program; give the model from "
                          "elsewhere another name, such as my_%s",
                          entry->key, entry->key);
    }
    if (hr_method_find(entry->key) || is_outside(entry)) continue;
    if (!hr_nearest_name(entry->key, names, count)) {
      return fail_no_expert(config, entry, names, count, err);
    }
    return hr_config_fail_unknown(config->path, entry, "experts", names, count, err);
  }
  if (experts->count > 0) return HR_OK;
  return hr_yaml_fail(err, config->path, experts->mark,
                      "experts is empty; name at least one, or leave the key out for "
                      "ridge");
}

enum { CONTROLS = 2 };

static const hr_config_expert *find_ridge(const hr_config *config) {
  for (size_t i = 0; i < config->expert_count; i++) {
    if (config->experts[i].type == &hr_ridge_method) return &config->experts[i];
  }
  return NULL;
}

/* Controls are trained like experts and stand behind them. The placebo borrows Ridge's
 * alphas: it has no fields of its own, so they are freed once. */
static hr_status add_controls(hr_config *config, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config_expert *ridge = find_ridge(config);
  if (config->controls.placebo && ridge) {
    hr_ridge_parameters *borrowed = NULL;
    HR_TRY(hr_alloc(&borrowed, 1, err));
    *borrowed = *(const hr_ridge_parameters *)ridge->parameters;
    config->experts[config->expert_count++] =
        (hr_config_expert){.type = &hr_placebo_method, .parameters = borrowed};
    config->control_count++;
  }
  if (config->controls.leakage) {
    config->experts[config->expert_count++].type = &hr_leakage_method;
    config->control_count++;
  }
cleanup:
  return status;
}

static hr_status read_experts(hr_config *config, const hr_yaml_node *root,
                              hr_error *err) {
  hr_status status = HR_OK;
  size_t count = 0;
  const hr_method *const *types = hr_methods(&count);
  const hr_yaml_node *experts = hr_yaml_find(root, "experts");
  HR_TRY(hr_config_check_mapping(config->path, experts, "experts", err));
  size_t most = count + (experts ? experts->count : 0) + CONTROLS;
  HR_TRY(hr_alloc(&config->experts, most, err));
  if (!experts || experts->kind != HR_YAML_MAPPING) {
    HR_TRY(read_expert(config, hr_method_find("ridge"), NULL, root, err));
    goto cleanup;
  }
  HR_TRY(check_expert_names(config, experts, err));
  for (size_t i = 0; i < count; i++) {
    const hr_yaml_node *node = hr_yaml_find(experts, types[i]->name);
    if (node) HR_TRY(read_expert(config, types[i], node, experts, err));
  }
  for (size_t i = 0; i < experts->count; i++) {
    const hr_yaml_node *entry = experts->items[i];
    if (is_outside(entry)) HR_TRY(read_outside(config, entry, err));
  }
cleanup:
  return status;
}

static hr_status read_baselines(hr_config *config, const hr_yaml_node *root,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *baselines = hr_yaml_find(root, "baselines");
  HR_TRY(hr_config_check_mapping(config->path, baselines, "baselines", err));
  if (!baselines) return HR_OK;
  HR_TRY(hr_alloc(&config->baselines, baselines->count, err));
  for (size_t i = 0; i < baselines->count; i++) {
    const hr_yaml_node *entry = baselines->items[i];
    hr_config_baseline *baseline = &config->baselines[config->baseline_count++];
    hr_config_name section = {config->path, "a name in baselines", ""};
    hr_config_place place = hr_config_place_of(&section, entry->key_mark);
    HR_TRY(hr_field_read(&name_field, place.text, entry->key, &baseline->name, err));
    hr_config_name name = {config->path, "baselines", entry->key};
    HR_TRY(hr_config_read_field(&name, entry, &hr_config_baseline_field, baseline, err));
  }
cleanup:
  return status;
}

static hr_status read_page(hr_config *config, const hr_yaml_node *node, hr_error *err) {
  char path[64];
  snprintf(path, sizeof path, "publish[%zu]", config->page_count);
  hr_config_section section = hr_config_pages;
  section.path = path;
  hr_config_page *page = &config->pages[config->page_count++];
  hr_status status =
      hr_config_read_section(config->path, node, node, &section, page, err);
  if (status != HR_OK || hr_is_handle(page->block)) return status;
  return hr_yaml_fail(err, config->path, hr_yaml_find(node, "block")->mark,
                      "%s.block is '%.60s', which cannot name a block; use letters, "
                      "digits, '-', '_' and '.'",
                      path, page->block);
}

static hr_status read_pages(hr_config *config, const hr_yaml_node *root, hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *pages = hr_yaml_find(root, "publish");
  if (!pages || hr_yaml_is_null(pages)) return HR_OK;
  if (pages->kind == HR_YAML_SCALAR) {
    return hr_yaml_fail(err, config->path, pages->mark,
                        "publish must be a list of {page: FILE, block: NAME}, not a "
                        "single value");
  }
  bool is_list = pages->kind == HR_YAML_SEQUENCE; /* a mapping is a list of one */
  size_t count = is_list ? pages->count : 1;
  HR_TRY(hr_alloc(&config->pages, count, err));
  for (size_t i = 0; i < count; i++) {
    HR_TRY(read_page(config, is_list ? pages->items[i] : pages, err));
  }
cleanup:
  return status;
}

/* One reading of the tree, up to the first thing that is wrong. */
static hr_status read_tree(const hr_yaml_node *root, const hr_config_source *source,
                           hr_config **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_config *config = NULL;
  HR_TRY(hr_alloc(&config, 1, err));
  HR_TRY(hr_copy_text(source->name, &config->path, err));
  HR_TRY(read_sections(config, root, err));
  HR_TRY(hr_config_read_targets(config, root, err));
  HR_TRY(hr_config_read_columns(config, root, err));
  HR_TRY(hr_config_read_places(config, root, err));
  HR_TRY(hr_config_read_mask(config, root, err));
  HR_TRY(hr_config_binning_read(config, root, err));
  HR_TRY(read_experts(config, root, err));
  HR_TRY(add_controls(config, err));
  HR_TRY(hr_config_read_gates(config, root, err));
  HR_TRY(read_baselines(config, root, err));
  HR_TRY(read_pages(config, root, err));
  HR_TRY(hr_config_resolve_paths(config, root, source, err));
  HR_TRY(hr_config_read_labels(config, root, source, err));
  *out = config;
  config = NULL;
cleanup:
  hr_config_destroy(&config);
  return status;
}

/* Reads on without what is wrong, so that all of it can be told. */
static hr_status find_more(hr_yaml_node *root, const hr_config_source *source,
                           hr_config_problems *problems, hr_error *error) {
  hr_config_source rest = *source;
  hr_status status = error->status;
  while (status != HR_OK && hr_config_problems_take(problems, error, root)) {
    hr_config *config = NULL;
    rest.has_stand_ins = problems->has_stand_ins;
    status = read_tree(root, &rest, &config, error);
    hr_config_destroy(&config);
  }
  return status;
}

/* Settings that are wrong are left out; what is wrong with the rest is told with them. */
static hr_status parse(const char *yaml, size_t size, const hr_config_source *source,
                       hr_config **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *root = NULL;
  hr_config *config = NULL;
  hr_error error = {.status = HR_OK};
  hr_config_problems problems = {.name = source->name};
  HR_TRY(hr_yaml_tree_create(yaml, size, source->name, &root, err));
  if (source->settings) {
    HR_TRY(hr_config_override(root, source->settings, &problems, err));
  }
  status = read_tree(root, source, &config, &error);
  if (status != HR_OK) status = find_more(root, source, &problems, &error);
  if (problems.sentences.count > 0) {
    status = hr_config_problems_fail(&problems, err);
  } else if (status != HR_OK) {
    status = hr_fail(err, status, "%s", error.message);
  } else {
    *out = config;
    config = NULL;
  }
cleanup:
  hr_config_destroy(&config);
  hr_config_problems_fini(&problems);
  hr_yaml_tree_destroy(&root);
  return status;
}

hr_status hr_config_parse(const char *yaml, size_t size, const char *name,
                          const char *folder, hr_config **out, hr_error *err) {
  const hr_config_source source = {.name = name, .folder = folder};
  return parse(yaml, size, &source, out, err);
}

hr_status hr_config_load_text(const char *yaml, const hr_config_text *text,
                              hr_config **out, hr_error *err) {
  const hr_config_source source = {.name = text->name,
                                   .folder = text->folder,
                                   .check_files = true,
                                   .settings = text->settings};
  return parse(yaml, strlen(yaml), &source, out, err);
}

/* The folder of the configuration is where its paths begin, and it may be read again. */
static hr_status check_is_file(const char *path, hr_error *err) {
  static const char *const streams[] = {"/dev/stdin", "/dev/fd/", "/proc/self/fd/"};
  struct stat info;
  bool is_file = stat(path, &info) != 0 || S_ISREG(info.st_mode);
  for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
    is_file = is_file && strncmp(path, streams[i], strlen(streams[i])) != 0;
  }
  if (is_file) return HR_OK; /* one that is not there fails when it is opened */
  return hr_fail(err, HR_ERR_CONFIG,
                 "%s is not a file; write the configuration into one, as its paths are "
                 "relative to its folder",
                 path);
}

hr_status hr_config_load(const char *path, hr_config **out, hr_error *err) {
  return hr_config_load_with(path, NULL, out, err);
}

hr_status hr_config_load_with(const char *path, const hr_strings *settings,
                              hr_config **out, hr_error *err) {
  hr_status status = HR_OK;
  char *yaml = NULL, *folder = NULL;
  size_t size = 0;
  HR_TRY(check_is_file(path, err));
  /* hr_yaml_tree_create has its own, lower limit; here only endless files end. */
  HR_TRY(hr_file_read(path, (size_t)1 << 30, &yaml, &size, err));
  HR_TRY(hr_copy_text(path, &folder, err));
  char *slash = strrchr(folder, '/');
  if (slash) {
    slash[slash == folder] = '\0'; /* the folder of "/name" is "/" */
  } else {
    folder[0] = '\0'; /* the current one */
  }
  const hr_config_source source = {
      .name = path, .folder = folder, .check_files = true, .settings = settings};
  HR_TRY(parse(yaml, size, &source, out, err));
cleanup:
  hr_free(folder);
  hr_free(yaml);
  return status;
}
