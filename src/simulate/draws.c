/* Labels and spectra of random stars on the grid, in batches, as templates. They are made
 * by the simulator's own steps, so that templates lie where simulated stars lie. */
#include "simulate/draws.h"

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/pixel_quantile.h"
#include "data/prepare.h"
#include "simulate/interpolate.h"
#include "simulate/stars.h"

/* BLAS may round differently by place in a batch, so batches are cut by number alone. */
enum { BATCH = 256 };

static const double grid_spectra = 1260; /* before the tables are read */

typedef struct draws {
  const hr_draw_options *options;
  hr_grid_tables *tables;
  hr_interpolator interpolator;
  uint64_t first;
  float *weights; /* [BATCH][G] */
  float *flux;    /* [BATCH][P] */
  float *scratch; /* [threads][2][P] */
} draws;

hr_draw_options hr_draw_options_default(void) {
  return (hr_draw_options){.median = 1, .stage = "drawing spectra"};
}

void hr_draw_labels(uint64_t seed, uint64_t number, double labels[HR_GRID_AXES]) {
  hr_simulate_options options = hr_simulate_options_default();
  options.seed = seed;
  hr_star star = hr_stars_draw(&options, NULL, HR_STREAM_GRID_TEMPLATES, number);
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) labels[axis] = star.labels[axis];
}

static void weigh_draw(void *context, size_t i, size_t thread) {
  (void)thread;
  draws *d = context;
  double labels[HR_GRID_AXES];
  hr_draw_labels(d->options->seed, d->first + i, labels);
  hr_interpolator_weights(&d->interpolator, labels, d->weights + i * d->tables->spectra);
}

/* The median, then what the stream does to every row; a model has no error of its own. */
static void prepare_draw(void *context, size_t i, size_t thread) {
  draws *d = context;
  size_t pixels = d->tables->pixels;
  float *flux = d->flux + i * pixels, *sorting = d->scratch + 2 * thread * pixels;
  float *error = sorting + pixels;
  hr_row_report report;
  const hr_conditioning plain = hr_conditioning_plain();
  const hr_pixels row = {.count = pixels, .flux = flux, .error = error};
  double scale = d->options->median / hr_pixel_quantile(flux, pixels, 0.5, sorting);
  for (size_t p = 0; p < pixels; p++) {
    flux[p] = (float)(scale * (double)flux[p]);
    error[p] = 1;
  }
  hr_prepare_row(&plain, &row, &report);
}

static hr_status allocate(draws *d, hr_error *err) {
  hr_status status = HR_OK;
  const hr_compute *compute = d->options->compute;
  const hr_model_view *view = &d->options->view;
  HR_TRY(view->pixels > 0 ? hr_models_grid(view, &d->tables, err)
                          : hr_tables_create(&d->tables, err));
  HR_TRY(hr_interpolator_init(compute ? compute : hr_compute_default(), d->tables,
                              HR_SIMULATE_NODES_ALL, &d->interpolator, err));
  HR_TRY(hr_alloc(&d->weights, BATCH * d->tables->spectra, err));
  HR_TRY(hr_alloc(&d->flux, BATCH * d->tables->pixels, err));
  HR_TRY(hr_alloc(&d->scratch, 2 * hr_thread_count() * d->tables->pixels, err));
cleanup:
  return status;
}

hr_status hr_draw_spectra(const hr_draw_options *options, hr_draw_taker *take,
                          void *context, hr_error *err) {
  hr_status status = HR_OK;
  draws d = {.options = options};
  hr_progress progress = {
      .stage = options->stage, .unit = "spectra", .total = options->count};
  HR_TRY(allocate(&d, err));
  for (size_t first = 0; first < options->count; first += BATCH) {
    size_t left = options->count - first, wanted = left < BATCH ? left : BATCH;
    HR_TRY(hr_observe_progress(options->observer, &progress, err));
    d.first = first;
    hr_parallel_for(BATCH, weigh_draw, &d);
    hr_interpolator_spectra(&d.interpolator, BATCH, d.weights, d.flux);
    hr_parallel_for(wanted, prepare_draw, &d);
    for (size_t i = 0; i < wanted; i++) {
      take(context, first + i, d.flux + i * d.tables->pixels);
    }
    progress.done = first + wanted;
  }
  HR_TRY(hr_observe_progress(options->observer, &progress, err));
cleanup:
  hr_tables_destroy(&d.tables);
  hr_free(d.weights);
  hr_free(d.flux);
  hr_free(d.scratch);
  return status;
}

double hr_draw_operations(size_t pixels) {
  return 2 * grid_spectra * (double)pixels;
}

double hr_draw_bytes(const hr_model_view *view) {
  double wide = (double)view->pixels;
  return hr_models_grid_bytes(view) + 4 * BATCH * (grid_spectra + wide) +
         8 * (double)hr_thread_count() * wide;
}
