/* `headroom predict` as its user meets it: exact stdout, stderr and exit code. */
#include "headroom/version.h"
#include "support/linear_bundle.h"
#include "support/program.h"
#include "support/shards.h"

static const char about_predict[] =
    "headroom predict: predict the labels of new spectra with a run's models\n"
    "\n"
    "Usage: headroom predict MODEL FILE... [options]\n"
    "\n"
    "  --out PREDICTIONS          the table: .csv, .h5 or .fits (predictions.csv)\n"
    "  --list NAMES               a file that names more FILEs, one a line\n"
    "  --each DIR                 a table for each file instead, in this folder\n"
    "  --array I/N                with --each: every N-th file from the I-th on; auto: "
    "by Slurm\n"
    "  --skip-existing            with --each: leave files that have their table\n"
    "  --router ROUTER            global, gate, oracle or nearest (the gate, else "
    "global)\n"
    "  --expert NAME              a method, such as ridge (what validation chose)\n"
    "  --keep ID,RA,...           label columns to carry along\n"
    "  --flux WHICH               the array; auto: noisy where there is one (auto)\n"
    "  --index HOW                of the labels; rows: puts them in its order (ignore)\n"
    "  --format FORMAT            of the table; auto: as --out ends, else csv (auto)\n"
    "  --mask-bits BAD,CR,...     bits of a survey's mask that count "
    "(docs/survey-files.md)\n"
    "  --plot ID,...              draw a page of these stars, too\n"
    "  --plot-dir DIR             where (beside the table)\n"
    "  --memory MIB               for spectra, beside the models (512)\n"
    "  --block-rows N             rows at a time, in steps of 128 (512 or 128 a thread)\n"
    "  --dry-run                  say what would be read and written; write nothing\n"
    "  --threads N                compute on so many threads (OMP_NUM_THREADS, else "
    "all)\n"
    "  --quiet                    print nothing but errors\n"
    "\n"
    "MODEL is a run directory, or the folder `model` of one, wherever it was copied.\n"
    "FILEs are laid out as the study's (docs/formats.md), or FITS files of a survey\n"
    "(docs/survey-files.md); their labels are needed only by the routers oracle and\n"
    "nearest, and by --keep. The table has a row for every spectrum, with flags that "
    "say\n"
    "when not to trust it; a spectrum that cannot be predicted has none but flags. It "
    "is\n"
    "whole when it is there. Prints how many rows have which flag.\n"
    "\n"
    "hdf5 is for pandas.read_hdf; pfsstar has the columns of a catalogue of PFS.\n"
    "\n"
    "With --each DIR every FILE has a table of its own, DIR/PATH.csv with _ for /,\n"
    "and one that cannot be predicted leaves the others be; the jobs of an array\n"
    "take their files by --array I/N, I from 0, or auto, and ranks that mpirun\n"
    "started by their number.\n"
    "\n"
    "With --plot a star has a page: its spectrum, the nearest template, and what every\n"
    "expert says of its labels. IDs are those of a survey's file or of a column that\n"
    "--keep names, and rows, from 0, where there are none.\n";

/* A folder with a bundle, a file of six spectra, and the words of a call. */
typedef struct desk {
  scratch s;
  char model[128], file[128], out[128];
} desk;

static void desk_init(desk *d) {
  scratch_init(&d->s);
  snprintf(d->model, sizeof d->model, "%s/model", d->s.path);
  snprintf(d->file, sizeof d->file, "%s/stars.h5", d->s.path);
  snprintf(d->out, sizeof d->out, "%s/table.csv", d->s.path);
  linear_bundle_write(d->model, "exclude");
  shard_spec spec = shard_spec_default(d->file);
  spec.pixels = FIXTURE_PIXELS;
  shard_write(&spec);
}

/* Runs it on the bundle and the file, with two more words at most. */
static void predict(desk *d, const char *option, const char *value, program *p) {
  const char *const words[] = {"headroom", "predict", d->model, d->file, "--out",
                               d->out,     option,    value,    NULL};
  program_finish(&d->s, program_start(&d->s, words), p);
}

static void test_help(void **state) {
  (void)state;
  static program p;
  scratch s;
  scratch_init(&s);
  const char *const words[] = {"headroom", "help", "predict", NULL};
  program_finish(&s, program_start(&s, words), &p);
  assert_string_equal(p.out, about_predict);
  assert_int_equal(p.exit_code, 0);
  scratch_fini(&s);
}

static void test_predicting(void **state) {
  (void)state;
  static program p;
  char expected[512];
  desk d;
  desk_init(&d);
  predict(&d, NULL, NULL, &p);
  snprintf(expected, sizeof expected,
           "6 rows, 0 without a prediction, 5 flagged otherwise\n"
           "  other_scale           5  flux on another scale than the training spectra\n"
           "  7.99 times the training flux is that of %s\n"
           "%s\n",
           d.file, d.out);
  assert_string_equal(p.out, expected);
  snprintf(expected, sizeof expected, "warning: %s: the median flux of its spectra is ",
           d.file);
  assert_non_null(strstr(p.err, expected));
  assert_int_equal(p.exit_code, 0);
  assert_int_equal(strncmp(p.err, "predicting: 6 rows in ", 22), 0);
  assert_int_equal(access(d.out, F_OK), 0);
  scratch_fini(&d.s);
}

static void test_dry_run(void **state) {
  (void)state;
  static program p;
  char expected[1024];
  desk d;
  desk_init(&d);
  predict(&d, "--dry-run", NULL, &p);
  snprintf(expected, sizeof expected,
           "model      %s, of the study SMALL (headroom " HR_VERSION
           ")\n"
           "predicts   log_g in dex, trained on 0 to 14\n"
           "router     global: the model of all rows predicts every row\n"
           "  all rows                 A method (alpha 0.1), trained on all rows\n"
           "reads      6 spectra of 5 pixels in 1 file\n"
           "  %s  6 rows, flux\n"
           "writes     %s\n"
           "  file, row, log_g_mean, log_g_sigma, log_g_half68, log_g_half95, log_g_gap, "
           "slot, expert, snr, masked_fraction, "
           "chi2, effective, flags, flag_words\n"
           "memory     512 MiB for spectra, beside the models\n",
           d.model, d.file, d.out);
  assert_string_equal(p.out, expected);
  assert_string_equal(p.err, "");
  assert_int_equal(p.exit_code, 0);
  assert_int_not_equal(access(d.out, F_OK), 0);
  scratch_fini(&d.s);
}

static void check_refused(desk *d, const char *option, const char *value, int exit_code,
                          const char *format) {
  static program p;
  char expected[1024] = "headroom: ";
  predict(d, option, value, &p);
  snprintf(expected + 10, sizeof expected - 10, format, d->model);
  strcat(expected, "\n");
  assert_string_equal(p.err, expected);
  assert_string_equal(p.out, "");
  assert_int_equal(p.exit_code, exit_code);
}

/* In the place of files on the command line, or behind them. */
static void test_a_list_of_files(void **state) {
  (void)state;
  static program p;
  char list[160], names[300];
  desk d;
  desk_init(&d);
  snprintf(list, sizeof list, "%s/list", d.s.path);
  snprintf(names, sizeof names, "%s\n%s\n", d.file, d.file);
  scratch_write(&d.s, "list", names);
  const char *const words[] = {"headroom", "predict", d.model, "--list",
                               list,       "--out",   d.out,   NULL};
  program_finish(&d.s, program_start(&d.s, words), &p);
  assert_int_equal(p.exit_code, 0);
  assert_int_equal(strncmp(p.out, "12 rows, ", 9), 0);
  predict(&d, "--list", list, &p);
  assert_int_equal(p.exit_code, 0);
  assert_int_equal(strncmp(p.out, "18 rows, ", 9), 0);
  const char *const none[] = {"headroom", "predict", d.model, NULL};
  program_finish(&d.s, program_start(&d.s, none), &p);
  assert_int_equal(p.exit_code, 2);
  assert_non_null(strstr(p.err, "predict needs a FILE behind '"));
  scratch_fini(&d.s);
}

static void test_refusals(void **state) {
  (void)state;
  desk d;
  desk_init(&d);
  check_refused(&d, "--router", "soft", 2,
                "there is no router soft; there are global, oracle, nearest, and gate");
  check_refused(&d, "--expert", "ridge", 2,
                "the bundle %s has no expert ridge; it has first, second");
  check_refused(&d, "--format", "votable", 2,
                "'--format votable': give one of csv|hdf5|fits|pfsstar|auto");
  assert_int_equal(unlink(scratch_name(&d.s, "model/wave.npy")), 0);
  check_refused(&d, NULL, NULL, 3,
                "the bundle %s is incomplete: it has no wave.npy; copy the whole folder");
  scratch_fini(&d.s);
}

/* Runs `headroom predict MODEL stars.h5 more.h5 bad.h5 --each tables` with more words. */
static void predict_each(desk *d, const char *const *more, program *p) {
  char files[3][128], tables[128];
  static const char *const names[] = {"stars", "more", "bad"};
  const char *words[16] = {"headroom", "predict", d->model};
  size_t count = 3;
  for (size_t i = 0; i < 3; i++) {
    snprintf(files[i], sizeof files[i], "%s/%s.h5", d->s.path, names[i]);
    words[count++] = files[i];
  }
  snprintf(tables, sizeof tables, "%s/tables", d->s.path);
  words[count++] = "--each";
  words[count++] = tables;
  for (; *more; more++) words[count++] = *more;
  program_finish(&d->s, program_start(&d->s, words), p);
}

/* The table of a file, which has the path's name. */
static bool has_table(desk *d, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "tables/%s_%s.csv", d->s.path + 1, name);
  for (char *c = path + 7; *c; c++) *c = *c == '/' ? '_' : *c;
  return access(scratch_name(&d->s, path), F_OK) == 0;
}

static void test_a_table_for_each_file(void **state) {
  (void)state;
  static program p;
  char expected[1024];
  desk d;
  desk_init(&d);
  snprintf(d.file, sizeof d.file, "%s/more.h5", d.s.path);
  shard_spec spec = shard_spec_default(d.file);
  spec.pixels = FIXTURE_PIXELS;
  shard_write(&spec);
  scratch_write(&d.s, "bad.h5", "no HDF5");
  assert_int_equal(mkdir(scratch_name(&d.s, "tables"), 0777), 0);
  predict_each(&d, (const char *const[]){"--array", "1/2", NULL}, &p);
  assert_int_equal(p.exit_code, 0);
  assert_true(has_table(&d, "more") && !has_table(&d, "stars"));
  predict_each(&d, (const char *const[]){"--array", "0/2", NULL}, &p);
  assert_int_equal(p.exit_code, 3);
  assert_true(has_table(&d, "stars") && !has_table(&d, "bad"));
  assert_non_null(strstr(p.err,
                         "headroom: 1 of 2 files could not be predicted, the first "
                         "of them: "));
  snprintf(expected, sizeof expected, "%s/bad.h5", d.s.path);
  assert_non_null(strstr(p.err, expected));
  predict_each(&d, (const char *const[]){"--skip-existing", "--array", "1/2", NULL}, &p);
  assert_int_equal(p.exit_code, 0);
  assert_string_equal(p.out, "");
  scratch_fini(&d.s);
}

static void test_each_and_what_goes_with_it(void **state) {
  (void)state;
  desk d;
  static program p;
  desk_init(&d);
  predict_each(&d, (const char *const[]){"--out", "x.csv", NULL}, &p);
  assert_string_equal(p.err,
                      "headroom: --out names one table and --each the folder of one "
                      "for each file; give one\n");
  assert_int_equal(p.exit_code, 2);
  check_refused(&d, "--array", "0/2", 2,
                "--array is for tables of a file each; name their folder with --each");
  check_refused(&d, "--skip-existing", NULL, 2,
                "--skip-existing is for tables of a file each; name their folder with "
                "--each");
  predict_each(&d, (const char *const[]){"--array", "2/2", NULL}, &p);
  assert_int_equal(p.exit_code, 2);
  scratch_fini(&d.s);
}

static void test_pages_of_stars(void **state) {
  (void)state;
  desk d;
  static program p;
  char page[160], words[512];
  desk_init(&d);
  predict(&d, "--plot", "2", &p);
  assert_int_equal(p.exit_code, 0);
  snprintf(page, sizeof page, "%s/star_2.png", d.s.path);
  snprintf(words, sizeof words, "%s\n6 rows, ", page);
  assert_int_equal(strncmp(p.out, words, strlen(words)), 0);
  assert_int_equal(access(page, F_OK), 0);
  predict_each(&d, (const char *const[]){"--plot", "1", "--array", "0/2", NULL}, &p);
  assert_string_equal(p.err,
                      "headroom: --plot is for one process, which looks through all "
                      "files; leave it out, and plot by a call of its own\n");
  check_refused(&d, "--plot-dir", "x", 2,
                "--plot-dir is where the pages of stars go; name them with --plot");
  scratch_fini(&d.s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_help),
      cmocka_unit_test(test_predicting),
      cmocka_unit_test(test_dry_run),
      cmocka_unit_test(test_a_list_of_files),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_a_table_for_each_file),
      cmocka_unit_test(test_each_and_what_goes_with_it),
      cmocka_unit_test(test_pages_of_stars),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
