/* Whole files through hr_predict: the table to the letter, and what is refused. */
#include "headroom/predict.h"

#include <sys/stat.h>

#include "data/frame.h"
#include "headroom/version.h"
#include "support/fail_alloc.h"
#include "support/linear_bundle.h"
#include "support/shards.h"

/* A bundle, a file of spectra and the table, in a folder of their own. */
typedef struct desk {
  scratch s;
  char model[128], file[128], out[128], part[160];
  const char *files[2];
  shard_spec spec;
  hr_predict_options options;
} desk;

/* Constants of flux 1 and error 0.1, noisy being 2 where it is written. */
static double one(size_t row, size_t pixel) {
  (void)row, (void)pixel;
  return 1;
}

static void fill(double *values, size_t count, double value) {
  for (size_t i = 0; i < count; i++) values[i] = value;
}

enum { ROWS = 5, P = FIXTURE_PIXELS };

static double flux[ROWS * P], error_of[ROWS * P], noisy[ROWS * P];
/* One row a bin, and one outside them. */
static const double t_eff[ROWS] = {4000, 4000, 5000, 5000, 9000};
static const double m_h[ROWS] = {-1, 0.2, -1, 0.2, 0};

static void desk_init(desk *d) {
  *d = (desk){.files = {NULL}};
  scratch_init(&d->s);
  snprintf(d->model, sizeof d->model, "%s/model", d->s.path);
  snprintf(d->file, sizeof d->file, "%s/stars.h5", d->s.path);
  snprintf(d->out, sizeof d->out, "%s/table", d->s.path);
  snprintf(d->part, sizeof d->part, "%s.part", d->out);
  linear_bundle_write(d->model, "exclude");
  fill(flux, ROWS * P, one(0, 0));
  fill(error_of, ROWS * P, 0.1);
  fill(noisy, ROWS * P, 2);
  d->spec = shard_spec_default(d->file);
  d->spec.rows = ROWS;
  d->spec.pixels = P;
  d->spec.flux = flux;
  d->spec.error = error_of;
  d->spec.noisy = noisy;
  d->spec.columns[0].values = t_eff;
  d->spec.columns[2].values = m_h;
  d->files[0] = d->file;
  d->options = hr_predict_options_default();
  d->options.model = d->s.path; /* the run that has it */
  d->options.files = d->files;
  d->options.file_count = 1;
  d->options.out = d->out;
}

static void desk_fini(desk *d) {
  scratch_fini(&d->s);
}

static void read_text(const char *path, char *text, size_t size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  text[fread(text, 1, size - 1, file)] = '\0';
  fclose(file);
}

/* The table without the names of files, which are the folder's. */
static void check_table(const desk *d, const char *expected) {
  char text[4096], short_text[4096] = "";
  read_text(d->out, text, sizeof text);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    bool has_file = strncmp(line, d->file, strlen(d->file)) == 0;
    strcat(short_text, has_file ? line + strlen(d->file) : line);
    strcat(short_text, "\n");
  }
  assert_string_equal(short_text, expected);
}

static void test_the_table(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  char *text = NULL, expected[1024];
  hr_predict_summary summary = {.size = sizeof summary};
  desk_init(&d);
  flux[0] = (double)NAN;                     /* row 0 cannot be predicted */
  fill(error_of + P, P, -1);                 /* row 1 neither: all masked */
  error_of[2 * P] = error_of[2 * P + 1] = 0; /* row 2: two of five masked */
  shard_write(&d.spec);
  d.options.router = "oracle";
  d.options.keep = "M_H,log_g";
  check_ok(hr_predict(&d.options, NULL, &summary, &text, &err));
  check_table(
      &d,
      "file,row,M_H,log_g,log_g_mean,log_g_sigma,log_g_half68,log_g_half95,log_g_gap,"
      "slot,expert,snr,masked_fraction,chi2,effective,flags,flag_words\n"
      ",0,-1,200,,,,,,-2,,,0.2,,,1,bad_spectrum\n"
      ",1,0.2,200.25,,,,,,-2,,,1,,,65,bad_spectrum|masked\n"
      ",2,-1,200.5,12.00100040435791,0.8,0.75,1.5,0,2,second,10,0.4,,,64,masked\n"
      ",3,0.2,200.75,15.00100040435791,0.8,0.75,1.5,1.0010004043579102,3,second,10,0,,,"
      "24,"
      "fallback|outside_range"
      "\n"
      ",4,0,201,,,,,,-2,,10,0,,,6,no_expert|outside_bins\n");
  assert_int_equal(summary.rows, 5);
  assert_int_equal(summary.failed, 3);
  assert_int_equal(summary.flagged, 2);
  snprintf(
      expected, sizeof expected,
      "5 rows, 3 without a prediction, 2 flagged otherwise\n"
      "  bad_spectrum          2  flux that is not finite, or every pixel masked: "
      "nothing is predicted\n"
      "  no_expert             1  no model predicts rows of this kind: nothing is "
      "predicted\n"
      "  outside_bins          1  labels outside the bins of the study\n"
      "  fallback              1  predicted by the model of all rows in place of an "
      "expert\n"
      "  outside_range         1  a prediction outside the range of the training labels\n"
      "  masked                2  more than a fifth of the pixels masked\n"
      "%s\n",
      d.out);
  assert_string_equal(text, expected);
  assert_int_not_equal(access(d.part, F_OK), 0);
  hr_text_free(text);
  desk_fini(&d);
}

/* The flux that is asked for; no labels and no error are needed. */
static void test_which_flux(void **state) {
  (void)state;
  static const struct {
    bool with_noisy;
    hr_predict_flux flux;
    const char *values, *flags; /* noisy flux is 2, twice as much as flux */
  } cases[] = {{true, HR_FLUX_AUTO, "5.001999855041504,,,", "1024,other_scale"},
               {true, HR_FLUX_FLUX, "5.000999927520752,0.5,0.4,1", "0,"},
               {true, HR_FLUX_NOISY, "5.001999855041504,,,", "1024,other_scale"},
               {false, HR_FLUX_AUTO, "5.000999927520752,0.5,0.4,1", "0,"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hr_error err = {0};
    desk d;
    char expected[512];
    desk_init(&d);
    d.spec.rows = 1;
    d.spec.frame = SHARD_NO_FRAME;
    d.spec.without_error = true;
    d.spec.with_noisy = cases[i].with_noisy;
    shard_write(&d.spec);
    d.options.flux = cases[i].flux;
    check_ok(hr_predict(&d.options, NULL, NULL, NULL, &err));
    snprintf(expected, sizeof expected,
             "file,row,log_g_mean,log_g_sigma,log_g_half68,log_g_half95,log_g_gap,slot,"
             "expert,snr,masked_fraction,chi2,effective,flags,flag_words\n"
             ",0,%s,0,-1,first,,0,,,%s\n",
             cases[i].values, cases[i].flags);
    check_table(&d, expected);
    desk_fini(&d);
  }
}

/* The same file twice, in blocks of 128 and in one: the same bytes, in order. */
static void test_blocks(void **state) {
  (void)state;
  enum { MANY = 300 };
  static double many[MANY * P];
  static char whole[131072], cut[131072];
  hr_error err = {0};
  desk d;
  desk_init(&d);
  for (size_t i = 0; i < MANY * P; i++) many[i] = (double)(i % 97) / 64;
  d.spec.rows = MANY;
  d.spec.flux = many;
  d.spec.error = d.spec.noisy = NULL;
  d.spec.columns[0].values = d.spec.columns[2].values = NULL;
  shard_write(&d.spec);
  d.files[1] = d.file;
  d.options.file_count = 2;
  check_ok(hr_predict(&d.options, NULL, NULL, NULL, &err));
  read_text(d.out, whole, sizeof whole);
  d.options.block_rows = 1;
  check_ok(hr_predict(&d.options, NULL, NULL, NULL, &err));
  read_text(d.out, cut, sizeof cut);
  assert_string_equal(whole, cut);
  size_t lines = 0;
  for (const char *c = whole; *c; c++) lines += *c == '\n';
  assert_int_equal(lines, 1 + 2 * MANY);
  desk_fini(&d);
}

static void test_hdf5(void **state) {
  (void)state;
  hr_error err = {0};
  hr_frame frame = {0};
  desk d;
  desk_init(&d);
  shard_write(&d.spec);
  d.options.format = HR_PREDICT_HDF5;
  d.options.router = "nearest";
  d.options.keep = "T_eff";
  check_ok(hr_predict(&d.options, NULL, NULL, NULL, &err));
  check_ok(hr_frame_read(d.out, NULL, &frame, &err)); /* leaves out texts */
  static const char *const names[] = {
      "row",          "T_eff",     "log_g_mean", "log_g_sigma", "log_g_half68",
      "log_g_half95", "log_g_gap", "slot",       "snr",         "masked_fraction",
      "chi2",         "effective", "flags"};
  assert_int_equal(frame.rows, ROWS);
  assert_int_equal(frame.names.count, 13);
  for (size_t c = 0; c < 13; c++) assert_string_equal(frame.names.items[c], names[c]);
  check_near(frame.columns[1][4], 9000, 0);
  check_near(frame.columns[2][4], 12.001, 1e-5);
  check_near(frame.columns[4][4], 0.75, 0);
  assert_int_equal(frame.integers[7][4], 2);
  assert_int_equal(frame.integers[12][4], 4);
  assert_null(frame.integers[2]);
  hr_frame_fini(&frame);
  desk_fini(&d);
}

/* --- refusals --- */

/* A sentence in which %s is the file of spectra, then the bundle. */
static void check_refused(desk *d, hr_status status, const char *format) {
  hr_error err = {0};
  char sentence[1024];
  char *plan = NULL;
  snprintf(sentence, sizeof sentence, format, d->file, d->model);
  check_fails(hr_predict(&d->options, NULL, NULL, NULL, &err), status, sentence);
  check_fails(hr_predict_describe(&d->options, NULL, &plan, &err), status, sentence);
  assert_null(plan);
  assert_int_not_equal(access(d->out, F_OK), 0);
  assert_int_not_equal(access(d->part, F_OK), 0);
}

/* The bundle says that its study's files call T_eff Teff. */
static void test_the_studys_names_of_labels_are_found(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  char by_label[4096], by_column[4096];
  desk_init(&d);
  d.options.router = "oracle";
  shard_write(&d.spec);
  check_ok(hr_predict(&d.options, NULL, NULL, NULL, &err));
  read_text(d.out, by_label, sizeof by_label);
  d.spec.columns[0].name = "Teff";
  shard_write(&d.spec);
  check_ok(hr_predict(&d.options, NULL, NULL, NULL, &err));
  read_text(d.out, by_column, sizeof by_column);
  assert_string_equal(by_column, by_label);
  assert_int_equal(unlink(d.out), 0);
  d.spec.columns[0].name = "temperature";
  shard_write(&d.spec);
  check_refused(&d, HR_ERR_DATA,
                "%s has no label column T_eff; it has temperature, log_g, M_H");
  desk_fini(&d);
}

static void test_other_grids(void **state) {
  (void)state;
  static const double wave[P] = {7100, 7100.4, 7100.9, 7101.2, 7101.6};
  desk d;
  desk_init(&d);
  d.spec.wave = wave;
  shard_write(&d.spec);
  check_refused(
      &d, HR_ERR_DATA,
      "%s has pixel 2 at 7100.9 angstrom, but the bundle %s at 7100.8; resample "
      "the spectra to its wave.npy");
  d.spec.pixels = P - 1;
  d.spec.wave = NULL;
  shard_write(&d.spec);
  check_refused(
      &d, HR_ERR_DATA,
      "%s has 4 pixels a spectrum, but the bundle %s was trained on 5; resample "
      "the spectra to its wave.npy");
  desk_fini(&d);
}

static void test_files_that_lack_something(void **state) {
  (void)state;
  desk d;
  desk_init(&d);
  shard_write(&d.spec);
  d.options.flux = HR_FLUX_NOISY;
  check_refused(&d, HR_ERR_DATA,
                "%s holds no noisy spectra (neither /dataset/arrays/noisy/value nor "
                "/noisy); predict its flux with --flux flux");
  d.options.flux = HR_FLUX_AUTO;
  d.options.keep = "ra";
  check_refused(&d, HR_ERR_DATA, "%s has no label column ra; it has T_eff, log_g, M_H");
  d.options.keep = NULL;
  d.spec.frame = SHARD_NO_FRAME;
  shard_write(&d.spec);
  d.options.router = "oracle";
  check_refused(
      &d, HR_ERR_MISSING,
      "--router oracle routes by labels, and %s holds no pandas DataFrame; write "
      "the labels with DataFrame.to_hdf(file, 'dataset/params'); --router global "
      "needs none");
  d.options.router = "global";
  d.options.keep = "ra";
  check_refused(&d, HR_ERR_MISSING,
                "--keep takes labels, and %s holds no pandas DataFrame; write the labels "
                "with DataFrame.to_hdf(file, 'dataset/params')");
  d.options.keep = NULL;
  d.spec.rows = 0;
  shard_write(&d.spec);
  check_refused(&d, HR_ERR_EMPTY, "%s holds no spectra");
  desk_fini(&d);
}

static void test_calls_that_are_wrong(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  char sentence[1024];
  desk_init(&d);
  shard_write(&d.spec);
  d.options.keep = "M_H,T_eff,M_H";
  check_refused(&d, HR_ERR_USAGE, "--keep names M_H twice");
  d.options.keep = NULL;
  d.options.file_count = 0;
  check_refused(&d, HR_ERR_USAGE, "no file of spectra is named");
  d.options.file_count = 1;
  d.options.router = "soft";
  check_refused(&d, HR_ERR_USAGE,
                "there is no router soft; there are global, oracle, nearest, and gate");
  d.options.router = "global";
  d.options.out = d.file;
  check_refused(&d, HR_ERR_USAGE,
                "%s is to be read, and cannot be what is written; name another --out");
  d.options.out = d.model;
  snprintf(sentence, sizeof sentence, "%s is a folder; --out names a file", d.model);
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_USAGE, sentence);
  char inside[300];
  snprintf(inside, sizeof inside, "%s/table.csv", d.model);
  d.options.out = inside;
  snprintf(sentence, sizeof sentence,
           "%s would stand in %s, which is a run or its model and vouches for its files; "
           "name another place with --out",
           inside, d.model);
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_USAGE, sentence);
  snprintf(inside, sizeof inside, "%s/none/table.csv", d.model);
  snprintf(sentence, sizeof sentence,
           "there is no folder %s/none for %s; make it first, or name another --out",
           d.model, inside);
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_USAGE, sentence);
  d.options.out = d.out;
  d.options.size = 1;
  snprintf(
      sentence, sizeof sentence,
      "hr_predict_options.size is 1, not %zu as in version " HR_VERSION
      "; set it with hr_predict_options_default(), and build with the headers of the "
      "library that runs",
      sizeof d.options);
  check_refused(&d, HR_ERR_USAGE, sentence);
  desk_fini(&d);
}

static bool stop(void *context) {
  (void)context;
  return true;
}

static void test_interruption_leaves_nothing(void **state) {
  (void)state;
  const hr_observer observer = {.interrupted = stop};
  hr_error err = {0};
  desk d;
  desk_init(&d);
  shard_write(&d.spec);
  for (int format = HR_PREDICT_CSV; format <= HR_PREDICT_FITS; format++) {
    d.options.format = (hr_predict_format)format;
    assert_int_equal(hr_predict(&d.options, &observer, NULL, NULL, &err),
                     HR_ERR_INTERRUPTED);
    assert_int_not_equal(access(d.out, F_OK), 0);
    assert_int_not_equal(access(d.part, F_OK), 0);
  }
  desk_fini(&d);
}

/* The first bytes of what is written where it ends so. */
static void check_ending(desk *d, const char *ending, hr_predict_format format,
                         const char *begin) {
  hr_error err = {0};
  char out[160], text[16] = "";
  snprintf(out, sizeof out, "%s%s", d->out, ending);
  d->options.out = out;
  d->options.format = format;
  check_ok(hr_predict(&d->options, NULL, NULL, NULL, &err));
  FILE *file = fopen(out, "rb");
  assert_non_null(file);
  assert_true(fread(text, 1, sizeof text - 1, file) > 0);
  fclose(file);
  assert_memory_equal(text, begin, strlen(begin));
}

static void test_endings(void **state) {
  (void)state;
  hr_error err = {0};
  char out[160], sentence[320];
  desk d;
  desk_init(&d);
  shard_write(&d.spec);
  check_ending(&d, ".csv", HR_PREDICT_AUTO, "file,row,");
  check_ending(&d, ".txt", HR_PREDICT_AUTO, "file,row,");
  check_ending(&d, ".h5", HR_PREDICT_AUTO, "\x89HDF");
  check_ending(&d, ".HDF5", HR_PREDICT_AUTO, "\x89HDF");
  check_ending(&d, ".fits", HR_PREDICT_AUTO, "SIMPLE  =");
  check_ending(&d, ".fit", HR_PREDICT_FITS, "SIMPLE  =");
  check_ending(&d, ".dat", HR_PREDICT_FITS, "SIMPLE  =");
  snprintf(out, sizeof out, "%s.fits", d.out);
  snprintf(sentence, sizeof sentence,
           "--out %s ends as fits does, and --format says hdf5; leave out one of them",
           out);
  d.options.out = out;
  d.options.format = HR_PREDICT_HDF5;
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_USAGE, sentence);
  d.options.format = HR_PREDICT_FITS;
  d.options.mask_bits = "CR";
  snprintf(sentence, sizeof sentence,
           "--mask-bits chooses among the bits of surveys' masks, and %s is no file of a "
           "survey; data.mask of the study says which bits of it count",
           d.file);
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_USAGE, sentence);
  d.options.mask_bits = NULL;
  d.options.format = HR_PREDICT_PFSSTAR;
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_USAGE,
              "--format pfsstar says which star a row is by the whole numbers catId and "
              "objId, and there is no catId; name it with --keep where the files have "
              "it, or take --format fits");
  desk_fini(&d);
}

static void test_memory(void **state) {
  (void)state;
  desk d;
  desk_init(&d);
  shard_write(&d.spec);
  d.options.keep = "M_H";
  check_alloc_failures(hr_predict(&d.options, NULL, NULL, NULL, NULL));
  d.options.format = HR_PREDICT_HDF5;
  check_alloc_failures(hr_predict(&d.options, NULL, NULL, NULL, NULL));
  d.options.format = HR_PREDICT_FITS;
  check_alloc_failures(hr_predict(&d.options, NULL, NULL, NULL, NULL));
  desk_fini(&d);
}

static void test_describing(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  char *plan = NULL, expected[2048];
  desk_init(&d);
  shard_write(&d.spec);
  d.options.router = "oracle";
  d.options.expert = "first";
  check_ok(hr_predict_describe(&d.options, NULL, &plan, &err));
  snprintf(
      expected, sizeof expected,
      "model      %s, of the study SMALL (headroom " HR_VERSION
      ")\n"
      "predicts   log_g in dex, trained on 0 to 14\n"
      "router     oracle: the expert of the row's true bin, from its labels, predicts "
      "it\n"
      "  A bin                    A method (alpha 0.1)\n"
      "  A bin                    A method (alpha 0.1)\n"
      "  A bin                    nobody\n"
      "  A bin                    A method (alpha 0.1), trained on all rows\n"
      "reads      5 spectra of 5 pixels in 1 file\n"
      "  %s  5 rows, flux\n"
      "writes     %s\n"
      "  file, row, log_g_mean, log_g_sigma, log_g_half68, log_g_half95, log_g_gap, "
      "slot, "
      "expert, snr, masked_fraction, chi2, effective, flags, flag_words\n"
      "memory     512 MiB for spectra, beside the models\n",
      d.model, d.file, d.out);
  assert_string_equal(plan, expected);
  assert_int_not_equal(access(d.out, F_OK), 0);
  hr_text_free(plan);
  desk_fini(&d);
}

/* Each target with its unit, range and experts. */
static void test_describing_two_targets(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  char *plan = NULL;
  desk_init(&d);
  linear_bundle_write_two(d.model);
  shard_write(&d.spec);
  d.options.router = "oracle";
  check_ok(hr_predict_describe(&d.options, NULL, &plan, &err));
  assert_non_null(strstr(plan,
                         "predicts   log_g in dex, trained on 0 to 14\n"
                         "           T_eff in K, trained on 1000 to 1014\n"
                         "router     oracle: "));
  assert_non_null(
      strstr(plan,
             "  log_g\n"
             "  A bin                    A method (alpha 0.1)\n"
             "  A bin                    A method (alpha 0.1)\n"
             "  A bin                    A method (alpha 0.1)\n"
             "  A bin                    A method (alpha 0.1), trained on all rows\n"
             "  T_eff\n"
             "  A bin                    A method (alpha 0.1)\n"
             "  A bin                    A method (alpha 0.1)\n"
             "  A bin                    A method (alpha 0.1), trained on all rows\n"
             "  A bin                    A method (alpha 0.1), trained on all rows\n"
             "reads      "));
  hr_text_free(plan);
  desk_fini(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_table),
      cmocka_unit_test(test_the_studys_names_of_labels_are_found),
      cmocka_unit_test(test_which_flux),
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_hdf5),
      cmocka_unit_test(test_other_grids),
      cmocka_unit_test(test_files_that_lack_something),
      cmocka_unit_test(test_calls_that_are_wrong),
      cmocka_unit_test(test_interruption_leaves_nothing),
      cmocka_unit_test(test_endings),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_describing),
      cmocka_unit_test(test_describing_two_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
