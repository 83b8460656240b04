/* Labels and conditions of simulated stars, each number addressed by (seed, split,
 * star), and the ranges that may be asked for. */
#include "simulate/stars.h"

#include <math.h>
#include <stdbool.h>

#include "core/error.h"

/* The number of each deviate of a star. Part of what a seed means: only ever append. */
enum {
  DRAW_T_EFF,
  DRAW_LOG_G,
  DRAW_M_H,
  DRAW_MAG,
  DRAW_ZENITH_ANGLE,
  DRAW_FIELD_ANGLE,
  DRAW_SEEING,
  DRAW_FREE_AXIS,
  DRAW_RV,
  DRAW_SNR,
};

typedef struct range_rule {
  const char *name, *unit;
  hr_simulate_range range;
  double lowest, highest;
} range_rule;

static hr_status check_range(const range_rule *rule, hr_error *err) {
  double low = rule->range.low, high = rule->range.high;
  if (low >= rule->lowest && high <= rule->highest && low <= high) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "%s is %g to %g %s: give a range within %g to %g, the lower end first",
                 rule->name, low, high, rule->unit, rule->lowest, rule->highest);
}

static bool holds_node(const hr_grid_tables *tables, size_t axis,
                       hr_simulate_range range) {
  for (size_t i = 0; i < tables->node_count[axis]; i++) {
    double node = tables->nodes[axis][i];
    if (node >= range.low && node <= range.high) return true;
  }
  return false;
}

static hr_status check_ranges(const hr_simulate_options *o, const hr_grid_tables *t,
                              hr_error *err) {
  hr_status status = HR_OK;
  const range_rule rules[] = {
      {"teff", "K", o->teff, t->nodes[0][0], t->nodes[0][t->node_count[0] - 1]},
      {"logg", "dex", o->logg, t->nodes[1][0], t->nodes[1][t->node_count[1] - 1]},
      {"mh", "dex", o->mh, t->nodes[2][0], t->nodes[2][t->node_count[2] - 1]},
      {"mag", "mag", o->mag, 10.0, 30.0},
      {"rv", "km/s", o->rv, -HR_STARS_FASTEST, HR_STARS_FASTEST},
  };
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    HR_TRY(check_range(&rules[i], err));
    if (o->labels == HR_SIMULATE_UNIFORM || i >= HR_GRID_AXES) continue;
    if (!holds_node(t, i, rules[i].range)) {
      status =
          hr_fail(err, HR_ERR_USAGE,
                  "%s is %g to %g %s, where the model grid has no node: widen it, or "
                  "draw uniform labels",
                  rules[i].name, rules[i].range.low, rules[i].range.high, rules[i].unit);
      goto cleanup;
    }
  }
cleanup:
  return status;
}

/* Of the arm's own tables. */
static hr_status check_conditions(const hr_simulate_options *o, const hr_grid_tables *t,
                                  hr_error *err) {
  hr_status status = HR_OK;
  const range_rule rules[] = {
      {"seeing", "arcsec", o->seeing, t->seeing[0], t->seeing[t->seeing_count - 1]},
      {"zenith_angle", "degrees", o->zenith_angle, 0.0, 60.0},
      {"field_angle", "degrees", o->field_angle, 0.0, t->field_angle[t->angle_count - 1]},
  };
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    HR_TRY(check_range(&rules[i], err));
  }
cleanup:
  return status;
}

static bool same_range(hr_simulate_range a, hr_simulate_range b) {
  return !(a.low < b.low || a.low > b.low || a.high < b.high || a.high > b.high);
}

static bool is_positive(double x) {
  return x > 0.0;
}

/* An instrument of its own definition takes nothing of what PFS is asked with. */
static hr_status check_defined(const hr_simulate_options *o, const hr_definition *d,
                               hr_error *err) {
  const hr_simulate_options usual = hr_simulate_options_default();
  const struct {
    const char *name;
    bool is_given;
  } options[] = {
      {"seeing", !same_range(o->seeing, usual.seeing)},
      {"zenith_angle", !same_range(o->zenith_angle, usual.zenith_angle)},
      {"field_angle", !same_range(o->field_angle, usual.field_angle)},
      {"exposures", o->exposures != usual.exposures},
      {"exposure_time", fabs(o->exposure_time - usual.exposure_time) > 0},
      {"noise_model", o->noise_model != usual.noise_model},
      {"resolving_power", !d->relative && is_positive(o->resolving_power)},
      {"fwhm", !d->relative && is_positive(o->fwhm)},
  };
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    if (!options[i].is_given) continue;
    return hr_fail(
        err, HR_ERR_USAGE,
        "%s goes with the instrument pfs-mr alone; %s is as its definition says: "
        "leave it out",
        options[i].name, d->name);
  }
  if (d->relative && !same_range(o->mag, usual.mag)) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "mag has no effect on the errors of %s, which are as they are: leave it "
        "out",
        d->name);
  }
  if (d->noise.has_snr && !same_range(o->mag, usual.mag)) {
    return hr_fail(err, HR_ERR_USAGE,
                   "mag has no effect on %s, whose noise is given as a range of SNR: "
                   "leave it out, or define its noise by electrons",
                   d->name);
  }
  return HR_OK;
}

static hr_status check_free_fraction(const hr_simulate_options *o, hr_error *err) {
  double f = o->free_fraction;
  if (o->labels == HR_SIMULATE_UNIFORM && f != HR_STARS_FREE_FRACTION) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "free_fraction is %g, but uniform labels are free, all of them: it goes "
        "with lattice labels",
        f);
  }
  if (!(f >= 0.0 && HR_GRID_AXES * f <= 1.0)) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "free_fraction is %g: give 0 to 1/3, the chance of each of %d labels to "
        "be the free one",
        f, HR_GRID_AXES);
  }
  return HR_OK;
}

/* The grid's profile can be widened, never sharpened. 80 angstrom (R = 100) is where the
 * ends of the arm, 1750 angstrom long, begin to matter. */
static hr_status check_resolution(const hr_simulate_options *o, const hr_grid_tables *t,
                                  hr_error *err) {
  double power = o->resolving_power, fwhm = o->fwhm;
  double widest = t->wave[t->pixels - 1] / HR_GRID_RESOLVING_POWER;
  if (power != 0.0 && fwhm != 0.0) {
    return hr_fail(err, HR_ERR_USAGE,
                   "resolving_power and fwhm say the same thing: give one of them");
  }
  if (power != 0.0 && !(power >= 100.0 && power <= HR_GRID_RESOLVING_POWER)) {
    return hr_fail(err, HR_ERR_USAGE,
                   "resolving_power is %g, but the model spectra have %g: give 100 to %g",
                   power, HR_GRID_RESOLVING_POWER, HR_GRID_RESOLVING_POWER);
  }
  if (fwhm != 0.0 && !(fwhm >= widest && fwhm <= 80.0)) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "fwhm is %g angstrom, but the model spectra have up to %.4f: give more "
        "than that, up to 80",
        fwhm, widest);
  }
  return HR_OK;
}

static hr_status check_flaws(const hr_simulate_options *o, hr_error *err) {
  if (!(o->error_scale >= 0.01 && o->error_scale <= 100.0)) {
    return hr_fail(err, HR_ERR_USAGE, "error_scale is %g: give 0.01 to 100",
                   o->error_scale);
  }
  if (!(fabs(o->mh_offset) <= 5.0)) {
    return hr_fail(err, HR_ERR_USAGE, "mh_offset is %g dex: give -5 to 5", o->mh_offset);
  }
  return HR_OK;
}

static hr_status check_counts(const hr_simulate_options *o, hr_error *err) {
  /* Row numbers and file sizes stay far from overflow: 10^9 spectra are 32 TB. */
  const uint64_t most_rows = 1000000000;
  if (!o->folder || !*o->folder) {
    return hr_fail(err, HR_ERR_USAGE, "no folder is given to write the spectra to");
  }
  if (o->train_rows == 0 && o->test_rows == 0) {
    return hr_fail(err, HR_ERR_USAGE,
                   "0 training and 0 test spectra leave nothing to simulate");
  }
  if (o->train_rows > most_rows || o->test_rows > most_rows) {
    return hr_fail(err, HR_ERR_USAGE, "at most %llu spectra can be simulated at a time",
                   (unsigned long long)most_rows);
  }
  if (o->train_rows > 0 && (o->shards == 0 || o->shards > o->train_rows)) {
    return hr_fail(err, HR_ERR_USAGE,
                   "%llu training spectra cannot be shared out over %llu shards",
                   (unsigned long long)o->train_rows, (unsigned long long)o->shards);
  }
  if (o->exposures == 0 || o->exposures > 10000) {
    return hr_fail(err, HR_ERR_USAGE, "exposures is %llu: give 1 to 10000",
                   (unsigned long long)o->exposures);
  }
  if (!(o->exposure_time >= 1.0 && o->exposure_time <= 86400.0)) {
    return hr_fail(err, HR_ERR_USAGE, "exposure_time is %g s: give 1 to 86400",
                   o->exposure_time);
  }
  return HR_OK;
}

hr_status hr_stars_check(const hr_simulate_options *options, const hr_grid_tables *tables,
                         const hr_definition *definition, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_counts(options, err));
  HR_TRY(check_ranges(options, tables, err));
  if (!definition) HR_TRY(check_conditions(options, tables, err));
  HR_TRY(check_free_fraction(options, err));
  if (definition) {
    HR_TRY(check_defined(options, definition, err));
  } else {
    HR_TRY(check_resolution(options, tables, err));
  }
  HR_TRY(check_flaws(options, err));
cleanup:
  return status;
}

/* The node nearest to x among those within the range; there is one (hr_stars_check). */
static double nearest_node(const hr_grid_tables *tables, size_t axis,
                           hr_simulate_range range, double x) {
  double best = NAN;
  for (size_t i = 0; i < tables->node_count[axis]; i++) {
    double node = tables->nodes[axis][i];
    if (node < range.low || node > range.high) continue;
    if (!(fabs(node - x) >= fabs(best - x))) best = node;
  }
  return best;
}

static double draw(const hr_simulate_options *options, hr_stream_id stream, uint64_t row,
                   uint32_t index, hr_simulate_range range) {
  double u = hr_uniform(options->seed, stream, row, index);
  return range.low + (range.high - range.low) * u;
}

hr_star hr_stars_draw(const hr_simulate_options *options, const hr_grid_tables *tables,
                      hr_stream_id stream, uint64_t row) {
  const hr_simulate_range ranges[HR_GRID_AXES] = {options->teff, options->logg,
                                                  options->mh};
  hr_star star = {
      .labels = {draw(options, stream, row, DRAW_T_EFF, ranges[0]),
                 draw(options, stream, row, DRAW_LOG_G, ranges[1]),
                 draw(options, stream, row, DRAW_M_H, ranges[2])},
      .mag = draw(options, stream, row, DRAW_MAG, options->mag),
      .deviate = hr_uniform(options->seed, stream, row, DRAW_SNR),
      .conditions = {.seeing = draw(options, stream, row, DRAW_SEEING, options->seeing),
                     .zenith_angle = draw(options, stream, row, DRAW_ZENITH_ANGLE,
                                          options->zenith_angle),
                     .field_angle = draw(options, stream, row, DRAW_FIELD_ANGLE,
                                         options->field_angle)},
      .rv = draw(options, stream, row, DRAW_RV, options->rv)};
  if (options->labels == HR_SIMULATE_LATTICE) {
    double u = hr_uniform(options->seed, stream, row, DRAW_FREE_AXIS);
    double f = options->free_fraction;
    for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
      bool is_free = u >= (double)axis * f && u < (double)(axis + 1) * f;
      if (is_free) continue;
      star.labels[axis] = nearest_node(tables, axis, ranges[axis], star.labels[axis]);
    }
  }
  return star;
}
