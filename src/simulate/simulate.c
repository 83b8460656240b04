/* hr_simulate: checks, then batch after batch of stars into the shards of both splits.
 * Batches do not depend on the shards, so the same seed gives the same stars however
 * they are divided into files. */
#include "headroom/simulate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "core/sized.h"
#include "core/text.h"
#include "data/doppler.h"
#include "data/prepare.h"
#include "simulate/definition.h"
#include "simulate/interpolate.h"
#include "simulate/smooth.h"
#include "simulate/stars.h"
#include "simulate/study_file.h"
#include "simulate/survey.h"
#include "simulate/writer.h"

/* Stars are made in batches of this many, batch b holding stars number BATCH b and up,
 * whatever the shards: BLAS may round differently by place in the batch, so a star's
 * place must depend on its number alone. Large enough that the product runs at full
 * speed, small enough that a batch is 4 MiB an array. */
enum { BATCH = 256 };

/* The study's own noise: drawn once for the test rows, with this seed, at level 1. */
static const hr_noise test_noise = {.source = HR_NOISE_GENERATED,
                                    .level = 1.0,
                                    .seed = 42,
                                    .stream = HR_STREAM_NOISE_TEST};

static const hr_sized sized_options = {
    "hr_simulate_options",
    "with hr_simulate_options_default()",
    {offsetof(hr_simulate_options, survey_file), sizeof(hr_simulate_options)}};

void hr_simulate_options_init(hr_simulate_options *options, size_t size) {
  const hr_simulate_options own = {.size = size,
                                   .train_rows = 20000,
                                   .shards = 5,
                                   .test_rows = 4000,
                                   .seed = 1,
                                   .dtype = HR_SIMULATE_F32,
                                   .labels = HR_SIMULATE_UNIFORM,
                                   .noise_model = HR_SIMULATE_MODEL_U,
                                   .teff = {3750.0, 6000.0},
                                   .logg = {1.0, 5.0},
                                   .mh = {-2.5, 0.75},
                                   .mag = {20.5, 22.5},
                                   .seeing = {0.8, 0.8},
                                   .zenith_angle = {0.0, 45.0},
                                   .field_angle = {0.0, 0.65},
                                   .exposures = 12,
                                   .exposure_time = 900.0,
                                   .error_scale = 1.0,
                                   .free_fraction = HR_STARS_FREE_FRACTION};
  memset(options, 0, size);
  memcpy(options, &own, size < sizeof own ? size : sizeof own);
}

typedef struct simulator {
  const hr_simulate_options *options;
  const hr_observer *observer;
  hr_definition *definition; /* NULL: PFS */
  hr_grid_tables *tables;
  hr_interpolator interpolator;
  hr_instrument instrument; /* of PFS */
  hr_exposure *exposures;   /* [threads] */
  hr_doppler doppler;       /* of the model spectra, where stars move */
  hr_doppler_shift *shifts; /* [threads] */
  float *resting;           /* [threads][P] */
  size_t threads;
  /* The batch. */
  uint64_t first_row;
  hr_stream_id stream;
  bool with_noise;
  hr_star star[BATCH];
  float *weights;                                /* [BATCH][G] */
  float *flux, *error, *noisy;                   /* [BATCH][P] */
  double *labels;                                /* [HR_COLUMN_COUNT][BATCH] */
  size_t columns[HR_COLUMN_COUNT], column_count; /* those that are written */
} simulator;

static void simulator_destroy(simulator **address) {
  simulator *sim = *address;
  if (!sim) return;
  for (size_t i = 0; sim->exposures && i < sim->threads; i++) {
    hr_exposure_fini(&sim->exposures[i]);
  }
  for (size_t i = 0; sim->shifts && i < sim->threads; i++) {
    hr_doppler_shift_fini(&sim->shifts[i]);
  }
  hr_free(sim->exposures);
  hr_free(sim->shifts);
  hr_free(sim->resting);
  hr_doppler_fini(&sim->doppler);
  hr_instrument_fini(&sim->instrument);
  hr_tables_destroy(&sim->tables);
  hr_definition_destroy(&sim->definition);
  hr_free(sim->weights);
  hr_free(sim->flux);
  hr_free(sim->error);
  hr_free(sim->noisy);
  hr_free(sim->labels);
  hr_free(sim);
  *address = NULL;
}

static hr_status allocate_batch(simulator *sim, hr_error *err) {
  hr_status status = HR_OK;
  size_t values = BATCH * sim->tables->pixels;
  sim->threads = hr_thread_count();
  HR_TRY(hr_alloc(&sim->exposures, sim->threads, err));
  for (size_t i = 0; i < sim->threads; i++) {
    HR_TRY(hr_exposure_init(sim->tables->pixels, &sim->exposures[i], err));
  }
  HR_TRY(hr_alloc(&sim->weights, BATCH * sim->tables->spectra, err));
  HR_TRY(hr_alloc(&sim->flux, values, err));
  HR_TRY(hr_alloc(&sim->error, values, err));
  if (sim->options->test_rows > 0) HR_TRY(hr_alloc(&sim->noisy, values, err));
  HR_TRY(hr_alloc(&sim->labels, (size_t)BATCH * HR_COLUMN_COUNT, err));
cleanup:
  return status;
}

static bool is_moving(const hr_simulate_options *options) {
  return options->rv.low != 0 || options->rv.high != 0;
}

static hr_status prepare_to_move(simulator *sim, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = sim->tables->pixels;
  if (!is_moving(sim->options)) return HR_OK;
  HR_TRY(hr_doppler_init(sim->tables->wave, pixels, &sim->doppler, err));
  HR_TRY(hr_alloc(&sim->shifts, sim->threads, err));
  for (size_t i = 0; i < sim->threads; i++) {
    HR_TRY(hr_doppler_shift_init(&sim->doppler, &sim->shifts[i], err));
  }
  HR_TRY(hr_alloc(&sim->resting, sim->threads * pixels, err));
cleanup:
  return status;
}

/* The model spectra as the instrument sees them: of PFS the grid that is built in for it,
 * of others the finer one through their definition. */
static hr_status set_instrument(simulator *sim, hr_error *err) {
  hr_status status = HR_OK;
  const hr_simulate_options *options = sim->options;
  bool is_other = options->instrument && strcmp(options->instrument, HR_PFS_NAME) != 0;
  if (options->survey_file) {
    HR_TRY(hr_definition_from_survey(options, &sim->definition, err));
  } else if (is_other) {
    HR_TRY(hr_definition_create(options->instrument, &sim->definition, err));
  }
  if (sim->definition) {
    const hr_model_view view = hr_definition_view(sim->definition);
    HR_TRY(hr_models_see(&view, &sim->tables, err));
    HR_TRY(hr_stars_check(options, sim->tables, sim->definition, err));
    goto cleanup;
  }
  HR_TRY(hr_tables_create(&sim->tables, err));
  HR_TRY(hr_stars_check(options, sim->tables, NULL, err));
  HR_TRY(hr_instrument_init(sim->tables, options, &sim->instrument, err));
  if (options->resolving_power > 0.0 || options->fwhm > 0.0) {
    HR_TRY(hr_smooth_grid(sim->tables, options->resolving_power, options->fwhm, err));
  }
cleanup:
  return status;
}

/* Other instruments than PFS have no seeing and no angles, and a magnitude only where
 * noise goes by it. */
static void choose_columns(simulator *sim) {
  const hr_definition *defined = sim->definition;
  for (size_t c = 0; c < HR_COLUMN_COUNT; c++) {
    if (c == HR_COLUMN_RV && !is_moving(sim->options)) continue;
    if (defined && c > HR_COLUMN_SNR && c != HR_COLUMN_RV) continue;
    if (defined && c == HR_COLUMN_MAG && defined->noise.has_snr) continue;
    sim->columns[sim->column_count++] = c;
  }
}

static hr_status simulator_create(const hr_simulate_options *options,
                                  const hr_observer *observer, simulator **out,
                                  hr_error *err) {
  hr_status status = HR_OK;
  simulator *sim = NULL;
  HR_TRY(hr_alloc(&sim, 1, err));
  sim->options = options;
  sim->observer = observer;
  HR_TRY(set_instrument(sim, err));
  choose_columns(sim);
  HR_TRY(allocate_batch(sim, err));
  HR_TRY(prepare_to_move(sim, err));
  HR_TRY(hr_interpolator_init(hr_compute_default(), sim->tables, options->nodes,
                              &sim->interpolator, err));
  *out = sim;
  sim = NULL;
cleanup:
  simulator_destroy(&sim);
  return status;
}

static void draw_star(void *context, size_t i, size_t thread) {
  (void)thread;
  simulator *sim = context;
  sim->star[i] =
      hr_stars_draw(sim->options, sim->tables, sim->stream, sim->first_row + i);
  hr_interpolator_weights(&sim->interpolator, sim->star[i].labels,
                          sim->weights + i * sim->tables->spectra);
}

/* A model spectrum as the star's velocity shows it. The grid has the pixels of the arm
 * and no more: what comes in from beyond is its last pixel. */
static void move_star(const simulator *sim, double velocity, size_t thread, float *flux) {
  size_t pixels = sim->tables->pixels;
  float *resting = sim->resting + thread * pixels;
  memcpy(resting, flux, pixels * sizeof *flux);
  hr_doppler_find(&sim->doppler, hr_doppler_factor(velocity), &sim->shifts[thread]);
  hr_doppler_apply(&sim->doppler, &sim->shifts[thread], resting, flux);
}

/* A star's model spectrum becomes what the instrument observes, and its error. */
static void expose_star(const simulator *sim, size_t i, hr_exposure *exposure,
                        float *flux, float *error, double *snr) {
  const hr_star *star = &sim->star[i];
  uint64_t number = sim->first_row + i;
  if (sim->definition) {
    const hr_brightness brightness = {star->mag, star->deviate, number};
    float *const scratch[2] = {exposure->values, exposure->sorting};
    hr_definition_observe(sim->definition, &brightness, scratch, flux, error, snr);
    return;
  }
  hr_instrument_expose(&sim->instrument, &star->conditions, exposure);
  hr_instrument_observe(&sim->instrument, exposure, star->mag, flux, error, snr);
}

static void observe_star(void *context, size_t i, size_t thread) {
  simulator *sim = context;
  const hr_star *star = &sim->star[i];
  size_t pixels = sim->tables->pixels;
  float *flux = sim->flux + i * pixels, *error = sim->error + i * pixels;
  double snr = 0.0;
  if (is_moving(sim->options)) move_star(sim, star->rv, thread, flux);
  expose_star(sim, i, &sim->exposures[thread], flux, error, &snr);
  if (sim->with_noise) {
    /* The function with which the study itself would add the noise, so that stored and
     * generated noise are the same to the bit. */
    hr_prepare_noise(&test_noise, sim->first_row + i, pixels, flux, error,
                     sim->noisy + i * pixels);
  }
  for (size_t p = 0; p < pixels; p++) {
    error[p] = (float)(sim->options->error_scale * (double)error[p]);
  }
  const double labels[HR_COLUMN_COUNT] = {
      [HR_COLUMN_T_EFF] = star->labels[HR_GRID_T_EFF],
      [HR_COLUMN_LOG_G] = star->labels[HR_GRID_LOG_G],
      [HR_COLUMN_M_H] = star->labels[HR_GRID_M_H] + sim->options->mh_offset,
      [HR_COLUMN_MAG] = star->mag,
      [HR_COLUMN_SNR] = snr / sim->options->error_scale,
      [HR_COLUMN_SEEING] = star->conditions.seeing,
      [HR_COLUMN_ZENITH_ANGLE] = star->conditions.zenith_angle,
      [HR_COLUMN_FIELD_ANGLE] = star->conditions.field_angle,
      [HR_COLUMN_REDSHIFT] = hr_doppler_factor(star->rv) - 1,
      [HR_COLUMN_RV] = star->rv,
  };
  for (size_t c = 0; c < HR_COLUMN_COUNT; c++) sim->labels[c * BATCH + i] = labels[c];
}

/* A whole batch is always drawn and multiplied, so that the last one has the same shape;
 * only the `wanted` first stars are observed. */
static void make_batch(simulator *sim, uint64_t first_row, size_t wanted) {
  sim->first_row = first_row;
  hr_parallel_for(BATCH, draw_star, sim);
  hr_interpolator_spectra(&sim->interpolator, BATCH, sim->weights, sim->flux);
  hr_parallel_for(wanted, observe_star, sim);
}

/* One split: its files, and where the next row goes. */
typedef struct sim_split {
  const char *stage, *folder; /* "train_%llu" or "test" */
  uint64_t rows, shards, shard;
  uint64_t shard_end; /* first row behind the current shard */
  hr_spectra_writer *writer;
} sim_split;

/* Where the split's current shard goes, freed with hr_free; *folder is it up to the name
 * of the file. */
static hr_status name_shard(const hr_simulate_options *options, const sim_split *split,
                            char **folder, char **path, hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  hr_text_append(&name, "%s", split->folder);
  if (split->shards > 0) {
    hr_text_append(&name, "_%llu", (unsigned long long)split->shard);
  }
  HR_TRY(hr_text_status(&name, err));
  HR_TRY(hr_join_path(options->folder, name.bytes, folder, err));
  HR_TRY(hr_join_path(*folder, "dataset.h5", path, err));
cleanup:
  hr_text_fini(&name);
  return status;
}

/* Opens the file of the split's next shard, which ends at rows * (shard + 1) / shards. */
static hr_status open_shard(const simulator *sim, sim_split *split, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL, *path = NULL;
  HR_TRY(name_shard(sim->options, split, &folder, &path, err));
  HR_TRY(hr_make_folders(folder, err));
  uint64_t shards = split->shards > 0 ? split->shards : 1;
  uint64_t end = split->rows * (split->shard + 1) / shards;
  hr_writer_shape shape = {.rows = end - split->shard_end,
                           .pixels = sim->tables->pixels,
                           .wave = sim->tables->wave,
                           .fwhm = sim->definition ? sim->definition->fwhm : NULL,
                           .columns = sim->columns,
                           .column_count = sim->column_count,
                           .dtype = sim->options->dtype,
                           .has_noisy = sim->with_noise};
  HR_TRY(hr_writer_create(path, &shape, &split->writer, err));
  split->shard_end = end;
cleanup:
  hr_free(folder);
  hr_free(path);
  return status;
}

/* Hands the batch's `rows` first stars to the shards they belong to. */
static hr_status write_batch(const simulator *sim, sim_split *split, size_t rows,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = sim->tables->pixels;
  for (size_t done = 0; done < rows;) {
    if (!split->writer) HR_TRY(open_shard(sim, split, err));
    uint64_t left = split->shard_end - (sim->first_row + done);
    size_t taken = left < rows - done ? (size_t)left : rows - done;
    const void *labels[HR_COLUMN_COUNT];
    for (size_t c = 0; c < sim->column_count; c++) {
      labels[c] = sim->labels + sim->columns[c] * BATCH + done;
    }
    hr_spectra_rows part = hr_spectra_rows_default();
    part.rows = taken;
    part.flux = sim->flux + done * pixels;
    part.error = sim->error + done * pixels;
    part.noisy = sim->with_noise ? sim->noisy + done * pixels : NULL;
    part.labels = labels;
    HR_TRY(hr_spectra_writer_append(split->writer, &part, err));
    done += taken;
    if (taken == left) {
      HR_TRY(hr_spectra_writer_finish(split->writer, err));
      hr_spectra_writer_close(&split->writer);
      split->shard++;
    }
  }
cleanup:
  return status;
}

static hr_status make_split(simulator *sim, sim_split *split, hr_stream_id stream,
                            hr_error *err) {
  hr_status status = HR_OK;
  sim->stream = stream;
  sim->with_noise = stream == HR_STREAM_SIMULATE_TEST;
  uint64_t value_bytes = sim->options->dtype == HR_SIMULATE_F64 ? 8 : 4;
  uint64_t row_bytes = (sim->with_noise ? 3 : 2) * sim->tables->pixels * value_bytes;
  hr_progress progress = {.stage = split->stage, .unit = "spectra", .total = split->rows};
  for (uint64_t first = 0; first < split->rows; first += BATCH) {
    HR_TRY(hr_observe_progress(sim->observer, &progress, err));
    uint64_t left = split->rows - first;
    size_t rows = left < BATCH ? (size_t)left : BATCH;
    make_batch(sim, first, rows);
    HR_TRY(write_batch(sim, split, rows, err));
    progress.done = first + rows;
    progress.bytes = progress.done * row_bytes;
  }
  if (split->rows > 0) HR_TRY(hr_observe_progress(sim->observer, &progress, err));
cleanup:
  hr_spectra_writer_close(&split->writer);
  return status;
}

/* Refuses to replace a file that is there and that the simulator did not make. */
static hr_status check_replaceable(const char *path, bool (*is_ours)(const char *path),
                                   hr_error *err) {
  if (access(path, F_OK) != 0 || is_ours(path)) return HR_OK;
  return hr_fail(
      err, HR_ERR_USAGE,
      "%s is there already and was not made by headroom simulate; give another "
      "folder, or remove it",
      path);
}

static hr_status check_shards(const hr_simulate_options *options, sim_split split,
                              hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL, *path = NULL;
  uint64_t shards = split.rows == 0 ? 0 : split.shards > 0 ? split.shards : 1;
  for (split.shard = 0; split.shard < shards; split.shard++) {
    HR_TRY(name_shard(options, &split, &folder, &path, err));
    HR_TRY(check_replaceable(path, hr_writer_wrote, err));
    hr_free(folder);
    hr_free(path);
    folder = path = NULL;
  }
cleanup:
  hr_free(folder);
  hr_free(path);
  return status;
}

/* All that can be known of the folder before the first star is made. */
static hr_status prepare_folder(const hr_simulate_options *options,
                                const sim_split *train, const sim_split *test,
                                const char *study, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_make_folders(options->folder, err));
  if (access(options->folder, W_OK | X_OK) != 0) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot write into the folder %s",
                           options->folder);
    goto cleanup;
  }
  if (study) HR_TRY(check_replaceable(study, hr_study_file_wrote, err));
  HR_TRY(check_shards(options, *train, err));
  HR_TRY(check_shards(options, *test, err));
cleanup:
  return status;
}

static hr_status simulate(const hr_simulate_options *options, const hr_observer *observer,
                          hr_error *err) {
  hr_status status = HR_OK;
  simulator *sim = NULL;
  char *study = NULL;
  sim_split train = {.stage = "simulating training spectra",
                     .folder = "train",
                     .rows = options->train_rows,
                     .shards = options->shards};
  sim_split test = {
      .stage = "simulating test spectra", .folder = "test", .rows = options->test_rows};
  HR_TRY(simulator_create(options, observer, &sim, err));
  if (train.rows > 0 && test.rows > 0) {
    HR_TRY(hr_join_path(options->folder, "study.yaml", &study, err));
  }
  HR_TRY(prepare_folder(options, &train, &test, study, err));
  HR_TRY(make_split(sim, &train, HR_STREAM_SIMULATE_TRAIN, err));
  HR_TRY(make_split(sim, &test, HR_STREAM_SIMULATE_TEST, err));
  if (study) HR_TRY(hr_study_file_write(study, options->shards, err));
cleanup:
  hr_free(study);
  simulator_destroy(&sim);
  return status;
}

hr_status hr_simulate(const hr_simulate_options *options, const hr_observer *observer,
                      hr_error *err) {
  hr_simulate_options own = hr_simulate_options_default();
  hr_status status = hr_sized_take(&sized_options, options, &own, err);
  if (status != HR_OK) return status;
  if (!own.folder) {
    return hr_fail(err, HR_ERR_USAGE,
                   "hr_simulate_options.folder is NULL; name the folder to be made");
  }
  return simulate(&own, observer, err);
}
