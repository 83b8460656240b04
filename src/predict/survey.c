/* From a survey's pixels to the model's, row by row: CFITSIO reads on one thread, and
 * resampling is a tenth of that. */
#include "predict/survey.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "data/resample.h"

const double hr_survey_least_good = 3000.0 / 4096;

/* Normalised spectra have one median flux; noise makes it uncertain. */
static const double same_level = 1.5;

/* A mean that is still being taken. */
typedef struct mean {
  double sum;
  size_t count;
} mean;

struct hr_survey {
  const hr_engine *engine;
  hr_fits_spectra *spectra;
  double level;      /* median flux of training spectra, in the unit of their files */
  double mean_level; /* of their mean; NaN: it is not known */
  size_t pixels, next, room; /* of the model; object to read; rows of a block */

  double *grid; /* [grid_pixels] of the spectrum that `resampling` is for */
  size_t grid_pixels;
  hr_resampling resampling;
  hr_fits_spectrum star;
  double *flux, *variance; /* [pixels] on the model's grid */
  bool *good;
  float *values, *scratch; /* [pixels] of good pixels */

  float *noisy, *error;   /* [room][pixels]; error NULL: not known */
  uint8_t *mask;          /* [pixels] of a row */
  hr_row_report *reports; /* [room] */
  bool *few;
  hr_mover_scratch moving;      /* where the model's spectra are at rest */
  hr_velocity_answer *velocity; /* [room] */
  hr_table_column given;        /* [objects] velocities of a column, owned */
  mean correlation, coarseness;
};

void hr_survey_close(hr_survey **survey) {
  hr_survey *self = *survey;
  if (!self) return;
  hr_fits_spectra_close(&self->spectra);
  hr_fits_spectrum_fini(&self->star);
  hr_resampling_fini(&self->resampling);
  hr_free(self->grid);
  hr_free(self->flux);
  hr_free(self->variance);
  hr_free(self->good);
  hr_free(self->values);
  hr_free(self->scratch);
  hr_free(self->noisy);
  hr_free(self->error);
  hr_free(self->mask);
  hr_free(self->reports);
  hr_free(self->few);
  hr_mover_scratch_fini(&self->moving);
  hr_free(self->velocity);
  hr_table_column_fini(&self->given);
  hr_free(self);
  *survey = NULL;
}

/* --- opening --- */

static hr_status find_level(hr_survey *self, const char *path, hr_error *err) {
  const hr_flux_scale *flux = &hr_engine_describe(self->engine)->flux;
  bool is_one = flux->level > 0 && flux->level_low > 0 &&
                flux->level_high <= same_level * flux->level_low;
  self->level = flux->level;
  if (is_one) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s is a survey's file, in a unit of its own, and the spectra that the "
                 "bundle %s was trained on have no median flux in common (%g to %g) to "
                 "scale it to; train a study on spectra that are divided by their median",
                 path, hr_engine_folder(self->engine), flux->level_low, flux->level_high);
}

/* The mean of the training spectra at a pixel, in the unit of their files. */
static double mean_at(const hr_conditioning *c, size_t p) {
  return ((double)c->stand_in[p] + c->base) * c->scale;
}

static void find_mean_level(hr_survey *self) {
  const hr_conditioning *c = hr_engine_conditioning(self->engine);
  self->mean_level = (double)NAN;
  if (!c->stand_in) return;
  for (size_t p = 0; p < self->pixels; p++) self->values[p] = (float)mean_at(c, p);
  self->mean_level = hr_pixel_quantile(self->values, self->pixels, 0.5, self->scratch);
}

static hr_status make_room(hr_survey *self, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&self->flux, self->pixels, err));
  HR_TRY(hr_alloc(&self->variance, self->pixels, err));
  HR_TRY(hr_alloc(&self->good, self->pixels, err));
  HR_TRY(hr_alloc(&self->values, self->pixels, err));
  HR_TRY(hr_alloc(&self->scratch, self->pixels, err));
  HR_TRY(hr_alloc(&self->mask, self->pixels, err));
cleanup:
  return status;
}

static hr_status prepare_to_move(hr_survey *self, hr_error *err) {
  hr_status status = HR_OK;
  const hr_mover *mover = hr_engine_mover(self->engine);
  if (!mover) return HR_OK;
  HR_TRY(hr_mover_scratch_init(mover, &self->moving, err));
  if (mover->label) {
    HR_TRY(hr_fits_spectra_column(self->spectra, mover->label, &self->given, err));
  }
cleanup:
  return status;
}

hr_status hr_survey_open(const hr_engine *engine, const char *path, hr_survey **out,
                         hr_error *err) {
  hr_status status = HR_OK;
  hr_survey *self = NULL;
  HR_TRY(hr_alloc(&self, 1, err));
  self->engine = engine;
  self->pixels = hr_engine_describe(engine)->pixels;
  HR_TRY(hr_fits_spectra_open(path, &self->spectra, err));
  HR_TRY(find_level(self, path, err));
  HR_TRY(make_room(self, err));
  HR_TRY(prepare_to_move(self, err));
  find_mean_level(self);
  *out = self;
  self = NULL;
cleanup:
  hr_survey_close(&self);
  return status;
}

hr_status hr_survey_choose_bits(hr_survey *survey, const hr_fits_bits *bits,
                                hr_error *err) {
  return hr_fits_spectra_choose_bits(survey->spectra, bits, err);
}

const hr_fits_spectra_info *hr_survey_describe(const hr_survey *survey) {
  return hr_fits_spectra_describe(survey->spectra);
}

hr_status hr_survey_column(hr_survey *survey, const char *name, hr_table_column *out,
                           hr_error *err) {
  return hr_fits_spectra_column(survey->spectra, name, out, err);
}

/* --- reading --- */

/* Makes the weights anew where this spectrum has other pixels than the last. */
static hr_status find_weights(hr_survey *self, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_spectrum *star = &self->star;
  size_t bytes = star->pixels * sizeof *self->grid;
  const hr_wave_grid from = {star->wave, star->pixels};
  const hr_wave_grid to = {hr_engine_describe(self->engine)->wave, self->pixels};
  bool is_same =
      self->grid_pixels == star->pixels && memcmp(self->grid, star->wave, bytes) == 0;
  if (is_same) return HR_OK;
  hr_resampling_fini(&self->resampling);
  hr_free(self->grid);
  self->grid = NULL;
  self->grid_pixels = 0;
  HR_TRY(hr_alloc(&self->grid, star->pixels, err));
  memcpy(self->grid, star->wave, bytes);
  HR_TRY(hr_resampling_init(&from, &to, &self->resampling, err));
  self->grid_pixels = star->pixels;
cleanup:
  return status;
}

static void add(mean *to, double value) {
  if (!isfinite(value)) return;
  to->sum += value;
  to->count++;
}

/* The number of good pixels, and their median flux; NaN: there are none. */
static size_t measure(const hr_survey *self, double *median) {
  size_t count = 0;
  for (size_t p = 0; p < self->pixels; p++) {
    if (self->good[p]) self->values[count++] = (float)self->flux[p];
  }
  *median = count > 0 ? hr_pixel_quantile(self->values, count, 0.5, self->scratch)
                      : (double)NAN;
  return count;
}

/* The median that the good pixels of a star should have: spectra slope, so that those of
 * half an arm have another one than the whole. It is to the median of all pixels what it
 * is in the mean of the training spectra. */
static double level_of_good(const hr_survey *self, size_t count) {
  const hr_conditioning *c = hr_engine_conditioning(self->engine);
  size_t at = 0;
  if (count == self->pixels || count == 0 || !(self->mean_level > 0)) return self->level;
  for (size_t p = 0; p < self->pixels; p++) {
    if (self->good[p]) self->values[at++] = (float)mean_at(c, p);
  }
  double median = hr_pixel_quantile(self->values, count, 0.5, self->scratch);
  return median > 0 ? self->level * median / self->mean_level : self->level;
}

/* Row i of the block, out of what was resampled. */
static void fill_row(hr_survey *self, size_t i) {
  const hr_conditioning *c = hr_engine_conditioning(self->engine);
  float *noisy = self->noisy + i * self->pixels;
  float *error = self->error ? self->error + i * self->pixels : NULL;
  double median = 0;
  size_t count = measure(self, &median);
  bool is_few = (double)count < hr_survey_least_good * (double)self->pixels;
  double scale = median > 0 ? level_of_good(self, count) / median : 0;
  for (size_t p = 0; p < self->pixels; p++) {
    self->mask[p] = !self->good[p];
    noisy[p] = hr_condition_flux(c, self->flux[p] * scale);
    if (error) error[p] = hr_condition_error(c, sqrt(self->variance[p]) * scale);
  }
  const hr_pixels row = {
      .count = self->pixels, .noisy = noisy, .error = error, .mask = self->mask};
  const hr_mover *mover = hr_engine_mover(self->engine);
  if (mover) {
    double given = self->given.values ? self->given.values[self->next] : 0;
    self->velocity[i] = hr_mover_bring(mover, &self->moving, &row, self->mask, given);
  }
  hr_prepare_row(c, &row, &self->reports[i]);
  self->few[i] = is_few && count > 0;
  if (is_few || !(median > 0)) self->reports[i].fault = HR_ROW_EMPTY;
}

static hr_status read_row(hr_survey *self, size_t i, hr_error *err) {
  hr_status status = HR_OK;
  bool has_variance = hr_survey_describe(self)->has_variance;
  HR_TRY(hr_fits_spectra_read(self->spectra, self->next, &self->star, err));
  HR_TRY(find_weights(self, err));
  const hr_wave_values in = {self->star.flux, has_variance ? self->star.variance : NULL,
                             self->star.good};
  const hr_wave_values out = {self->flux, has_variance ? self->variance : NULL,
                              self->good};
  hr_resample(&self->resampling, &in, &out);
  add(&self->correlation, hr_resample_correlation(&self->resampling, &in, &out));
  add(&self->coarseness, self->resampling.coarseness);
  if (has_variance) hr_resample_independent(&self->resampling, &in, &out);
  fill_row(self, i);
  self->next++;
cleanup:
  return status;
}

static hr_status make_block(hr_survey *self, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  size_t values = rows * self->pixels, old = self->room * self->pixels;
  if (rows <= self->room) return HR_OK;
  HR_TRY(hr_realloc(&self->noisy, old, values, err));
  if (hr_survey_describe(self)->has_variance) {
    HR_TRY(hr_realloc(&self->error, old, values, err));
  }
  HR_TRY(hr_realloc(&self->reports, self->room, rows, err));
  HR_TRY(hr_realloc(&self->few, self->room, rows, err));
  if (hr_engine_mover(self->engine)) {
    HR_TRY(hr_realloc(&self->velocity, self->room, rows, err));
  }
  self->room = rows;
cleanup:
  return status;
}

hr_status hr_survey_next(hr_survey *survey, size_t most, hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  size_t left = hr_survey_describe(survey)->objects - survey->next;
  size_t rows = left < most ? left : most;
  *block = (hr_block){.first_row = survey->next, .pixels = survey->pixels};
  HR_TRY(make_block(survey, rows, err));
  for (size_t i = 0; i < rows; i++) HR_TRY(read_row(survey, i, err));
  block->rows = rows;
  block->noisy = survey->noisy;
  block->error = survey->error;
cleanup:
  return status;
}

const hr_row_report *hr_survey_reports(const hr_survey *survey) {
  return survey->reports;
}

const bool *hr_survey_few(const hr_survey *survey) {
  return survey->few;
}

const hr_velocity_answer *hr_survey_velocity(const hr_survey *survey) {
  return survey->velocity;
}

static double value_of(const mean *m) {
  return m->count > 0 ? m->sum / (double)m->count : (double)NAN;
}

double hr_survey_correlation(const hr_survey *survey) {
  return value_of(&survey->correlation);
}

double hr_survey_coarseness(const hr_survey *survey) {
  return value_of(&survey->coarseness);
}
