/* The table below is the only place that knows how a field of a fit is called in a card;
 * lists are arrays of objects, each member of which is an array of the fit. */
#include "methods/fit_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json_file.h"
#include "models/sigma_json.h"

typedef enum field_kind {
  STATUS,
  REASON,
  TEXT,
  COUNT,
  SECONDS,
  CONVERGENCE,
  BEST,
  EDGE,
  PRECISION,
  LIST,
  CURVE,
  SIGMA
} field_kind;

/* When a field is left out. */
typedef enum field_presence {
  ALWAYS,
  IF_EDGE,      /* the chosen variant stands at one */
  IF_REASON,    /* a slot without a model, for a reason that has a code */
  IF_VALIDATED, /* validated_rows > 0 */
  IF_PRECISION, /* the method has a choice */
  IF_ITERATIVE, /* convergence is known */
  IF_CURVE,     /* iterative, and there is a curve */
  IF_LEVELS,    /* level_count > 0 */
  IF_SIGMA,     /* sigma.rows > 0 */
} field_presence;

enum { PARTS = 3 };

typedef struct fit_field {
  const char *key;
  field_kind kind;
  field_presence presence;
  size_t offset; /* of the value; of a list's count */
  struct {
    const char *key; /* NULL: what the hyperparameter is called, left out without one */
    size_t offset;   /* of the array, double * */
  } parts[PARTS];
  size_t part_count;
} fit_field;

#define AT(member) offsetof(hr_fit, member)
static const fit_field fields[] = {
    {.key = "status", .kind = STATUS, .offset = AT(status)},
    {.key = "reason", .kind = REASON, .presence = IF_REASON, .offset = AT(reason)},
    {.key = "note", .kind = TEXT, .offset = AT(note)},
    {.key = "train_rows", .kind = COUNT, .offset = AT(train_rows)},
    {.key = "test_rows", .kind = COUNT, .offset = AT(test_rows)},
    {.key = "seconds", .kind = SECONDS, .offset = AT(seconds)},
    {.key = "validated_rows",
     .kind = COUNT,
     .presence = IF_VALIDATED,
     .offset = AT(validated_rows)},
    {.key = "validation_seconds",
     .kind = SECONDS,
     .presence = IF_VALIDATED,
     .offset = AT(validation_seconds)},
    {.key = "precision",
     .kind = PRECISION,
     .presence = IF_PRECISION,
     .offset = AT(precision)},
    {.key = "converged",
     .kind = CONVERGENCE,
     .presence = IF_ITERATIVE,
     .offset = AT(convergence)},
    {.key = "best_epoch", .kind = BEST, .presence = IF_CURVE, .offset = AT(best_epoch)},
    {.key = "curve", .kind = CURVE, .presence = IF_CURVE, .offset = AT(curve_points)},
    {.key = "levels",
     .kind = LIST,
     .presence = IF_LEVELS,
     .offset = AT(level_count),
     .parts = {{"level", AT(level)},
               {"r2_cv", AT(level_cv_r2)},
               {"value", AT(level_value)}},
     .part_count = 3},
    {.key = "variants",
     .kind = LIST,
     .offset = AT(variant_count),
     .parts = {{NULL, AT(variant_value)}, {"r2_cv", AT(cv_r2)}},
     .part_count = 2},
    {.key = "chosen", .kind = COUNT, .offset = AT(chosen)},
    {.key = "at_end", .kind = EDGE, .presence = IF_EDGE, .offset = AT(edge)},
    {.key = "sigma", .kind = SIGMA, .presence = IF_SIGMA, .offset = AT(sigma)},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static const char *const status_names[] = {"ok", "skipped", "failed"};
enum { STATUSES = sizeof status_names / sizeof status_names[0] };

const char *hr_fit_status_name(hr_fit_status status) {
  return status_names[status];
}

static const void *at(const hr_fit *fit, size_t offset) {
  return (const char *)fit + offset;
}

static size_t count_at(const hr_fit *fit, size_t offset) {
  return *(const size_t *)at(fit, offset);
}

static bool is_written(const hr_fit *fit, field_presence presence) {
  switch (presence) {
    case IF_REASON:
      return fit->reason != HR_REASON_NONE;
    case IF_EDGE:
      return fit->edge != HR_EDGE_NONE;
    case IF_PRECISION:
      return fit->precision != HR_FIT_ANY;
    case IF_VALIDATED:
      return fit->validated_rows > 0;
    case IF_ITERATIVE:
      return fit->convergence != HR_CONVERGENCE_NONE;
    case IF_CURVE:
      return fit->convergence != HR_CONVERGENCE_NONE && fit->curve;
    case IF_LEVELS:
      return fit->level_count > 0;
    case IF_SIGMA:
      return fit->sigma.rows > 0;
    default:
      return true;
  }
}

static void write_list(const hr_fit *fit, const fit_field *f, const char *variant,
                       hr_json_builder *builder, json_t *list) {
  for (size_t i = 0; i < count_at(fit, f->offset); i++) {
    json_t *item = hr_json_append(builder, list, json_object());
    for (size_t p = 0; p < f->part_count; p++) {
      const double *values = *(double *const *)at(fit, f->parts[p].offset);
      const char *key = f->parts[p].key ? f->parts[p].key : variant;
      bool is_left_out = !f->parts[p].key && !(variant && values);
      if (is_left_out) continue;
      hr_json_put_number(builder, item, key, values ? values[i] : (double)NAN);
    }
  }
}

static void write_curve(const hr_fit *fit, hr_json_builder *builder, json_t *list) {
  for (size_t e = 0; e < fit->curve_points; e++) {
    json_t *point = hr_json_append(builder, list, json_object());
    hr_json_put_number(builder, point, "train_loss", fit->curve[e].train_loss);
    hr_json_put_number(builder, point, "validation_r2", fit->curve[e].validation_r2);
    hr_json_put_number(builder, point, "rate", fit->curve[e].rate);
  }
}

static void write_field(const hr_fit *fit, const fit_field *f, const char *variant,
                        hr_json_builder *builder, json_t *object) {
  switch (f->kind) {
    case STATUS:
      hr_json_put_text(builder, object, f->key, hr_fit_status_name(fit->status));
      break;
    case REASON:
      hr_json_put_text(builder, object, f->key, hr_fit_reason_name(fit->reason));
      break;
    case TEXT:
      hr_json_put(builder, object, f->key, hr_json_text(fit->note));
      break;
    case COUNT:
      hr_json_put_count(builder, object, f->key, count_at(fit, f->offset));
      break;
    case SECONDS:
      hr_json_put_number(builder, object, f->key, *(const double *)at(fit, f->offset));
      break;
    case CONVERGENCE:
      hr_json_put_bool(builder, object, f->key, fit->convergence == HR_CONVERGED);
      break;
    case BEST:
      hr_json_put_count(builder, object, f->key, fit->best_epoch + 1);
      break;
    case EDGE:
      hr_json_put_text(builder, object, f->key, hr_fit_edge_name(fit->edge));
      break;
    case PRECISION:
      hr_json_put_text(builder, object, f->key, hr_fit_precision_name(fit->precision));
      break;
    case LIST:
      write_list(fit, f, variant, builder,
                 hr_json_put(builder, object, f->key, json_array()));
      break;
    case CURVE:
      write_curve(fit, builder, hr_json_put(builder, object, f->key, json_array()));
      break;
    case SIGMA:
      hr_json_put(builder, object, f->key, hr_sigma_to_json(&fit->sigma, builder));
      break;
  }
}

void hr_fit_write_json(const hr_fit *fit, const char *variant, hr_json_builder *builder,
                       json_t *object) {
  for (size_t i = 0; i < FIELDS; i++) {
    if (!is_written(fit, fields[i].presence)) continue;
    write_field(fit, &fields[i], variant, builder, object);
  }
}

static bool read_status(const json_t *value, hr_fit_status *out) {
  const char *name = json_string_value(value);
  for (int i = 0; name && i < STATUSES; i++) {
    if (strcmp(name, status_names[i]) != 0) continue;
    *out = (hr_fit_status)i;
    return true;
  }
  return false;
}

static void read_reason(const json_t *value, hr_fit_reason *out) {
  const char *name = json_string_value(value);
  for (int i = 1; name && i < HR_REASONS; i++) {
    if (strcmp(name, hr_fit_reason_name((hr_fit_reason)i)) == 0) *out = (hr_fit_reason)i;
  }
}

static void read_edge(const json_t *value, hr_fit_edge *out) {
  const char *name = json_string_value(value);
  for (int i = 1; name && i < HR_EDGES; i++) {
    if (strcmp(name, hr_fit_edge_name((hr_fit_edge)i)) == 0) *out = (hr_fit_edge)i;
  }
}

static void read_precision(const json_t *value, hr_fit_precision *out) {
  const char *name = json_string_value(value);
  for (int i = 1; name && i < HR_FIT_PRECISIONS; i++) {
    const char *own = hr_fit_precision_name((hr_fit_precision)i);
    if (strcmp(name, own) == 0) *out = (hr_fit_precision)i;
  }
}

static hr_status read_list(const json_t *list, const fit_field *f, const char *variant,
                           hr_fit *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = json_array_size(list);
  *(size_t *)((char *)out + f->offset) = count;
  for (size_t p = 0; p < f->part_count; p++) {
    const char *key = f->parts[p].key ? f->parts[p].key : variant;
    double **values = (double **)((char *)out + f->parts[p].offset);
    if (!key || (count == 0 && f->presence == IF_LEVELS)) continue;
    HR_TRY(hr_alloc(values, count, err));
    for (size_t i = 0; i < count; i++) {
      (*values)[i] = hr_json_number(json_array_get(list, i), key, (double)NAN);
    }
  }
cleanup:
  return status;
}

static hr_status read_curve(const json_t *list, hr_fit *out, hr_error *err) {
  size_t count = json_array_size(list);
  if (!list) return HR_OK;
  hr_status status = hr_alloc(&out->curve, count, err);
  if (status != HR_OK) return status;
  for (size_t e = 0; e < count; e++) {
    const json_t *point = json_array_get(list, e);
    out->curve[e] = (hr_curve_point){hr_json_number(point, "train_loss", (double)NAN),
                                     hr_json_number(point, "validation_r2", (double)NAN),
                                     hr_json_number(point, "rate", (double)NAN)};
  }
  out->curve_points = count;
  return HR_OK;
}

static hr_status read_field(const json_t *object, const fit_field *f, const char *variant,
                            hr_fit *out, bool *good, hr_error *err) {
  const json_t *value = json_object_get(object, f->key);
  void *to = (char *)out + f->offset;
  size_t best = 0;
  switch (f->kind) {
    case STATUS:
      *good = *good && read_status(value, &out->status);
      break;
    case REASON:
      read_reason(value, &out->reason);
      break;
    case TEXT:
      snprintf(out->note, sizeof out->note, "%s", hr_json_string(object, f->key, ""));
      break;
    case COUNT:
      *(size_t *)to = hr_json_count(object, f->key, 0);
      break;
    case SECONDS:
      *(double *)to = hr_json_number(object, f->key, 0);
      break;
    case CONVERGENCE:
      if (value) out->convergence = json_is_true(value) ? HR_CONVERGED : HR_NOT_CONVERGED;
      break;
    case BEST:
      best = hr_json_count(object, f->key, 0);
      out->best_epoch = best > 0 ? best - 1 : 0;
      break;
    case EDGE:
      read_edge(value, &out->edge);
      break;
    case PRECISION:
      read_precision(value, &out->precision);
      break;
    case LIST:
      return read_list(value, f, variant, out, err);
    case CURVE:
      return read_curve(value, out, err);
    case SIGMA:
      if (value && !hr_sigma_from_json(value, &out->sigma)) *good = false;
      break;
  }
  return HR_OK;
}

hr_status hr_fit_read_json(const json_t *object, int slot, const char *variant,
                           hr_fit *out, bool *good, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_fit){.slot = slot};
  *good = true;
  for (size_t i = 0; i < FIELDS; i++) {
    HR_TRY(read_field(object, &fields[i], variant, out, good, err));
  }
  if (out->status == HR_FIT_OK && out->chosen >= out->variant_count) *good = false;
cleanup:
  if (status != HR_OK || !*good) hr_fit_fini(out);
  return status;
}
