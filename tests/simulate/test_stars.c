#include "simulate/stars.h"

#include "support/check.h"

static hr_grid_tables *tables;

static int set_up(void **state) {
  (void)state;
  hr_error err;
  check_ok(hr_tables_create(&tables, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_tables_destroy(&tables);
  return 0;
}

static hr_simulate_options good(void) {
  hr_simulate_options options = hr_simulate_options_default();
  options.folder = "somewhere";
  return options;
}

static void check_within(double x, double low, double high) {
  assert_true(x >= low && x <= high);
}

static void draws_fill_their_ranges(void **state) {
  (void)state;
  enum { STARS = 4000 };
  hr_simulate_options options = good();
  double sum = 0.0, low = 6000.0, high = 0.0;
  for (uint64_t row = 0; row < STARS; row++) {
    hr_star star = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TRAIN, row);
    check_within(star.labels[HR_GRID_T_EFF], 3750, 6000);
    check_within(star.labels[HR_GRID_LOG_G], 1, 5);
    check_within(star.labels[HR_GRID_M_H], -2.5, 0.75);
    check_within(star.mag, 20.5, 22.5);
    check_near(star.conditions.seeing, 0.8, 0);
    check_within(star.conditions.zenith_angle, 0, 45);
    check_within(star.conditions.field_angle, 0, 0.65);
    sum += star.labels[HR_GRID_T_EFF];
    low = fmin(low, star.labels[HR_GRID_T_EFF]);
    high = fmax(high, star.labels[HR_GRID_T_EFF]);
  }
  check_near(sum / STARS, 4875, 50); /* five standard errors */
  check_near(low, 3750, 5);
  check_near(high, 6000, 5);
}

static void stars_move_where_that_is_asked_for(void **state) {
  (void)state;
  enum { STARS = 4000 };
  hr_simulate_options options = good(), moving = good();
  double sum = 0, low = 0, high = 0;
  moving.rv = (hr_simulate_range){-300, 300};
  for (uint64_t row = 0; row < STARS; row++) {
    hr_star still = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TEST, row);
    hr_star star = hr_stars_draw(&moving, tables, HR_STREAM_SIMULATE_TEST, row);
    check_near(still.rv, 0, 0);
    /* All else is as it was. */
    assert_true(still.mag == star.mag && still.labels[0] == star.labels[0]);
    check_within(star.rv, -300, 300);
    sum += star.rv;
    low = fmin(low, star.rv);
    high = fmax(high, star.rv);
  }
  check_near(sum / STARS, 0, 14); /* five standard errors */
  check_near(low, -300, 1);
  check_near(high, 300, 1);
}

static void splits_and_seeds_have_other_stars(void **state) {
  (void)state;
  hr_simulate_options options = good();
  hr_star train = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TRAIN, 5);
  hr_star test = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TEST, 5);
  assert_true(train.mag != test.mag);
  options.seed = 2;
  hr_star other = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TRAIN, 5);
  assert_true(train.mag != other.mag);
}

static bool is_node(size_t axis, double x) {
  for (size_t i = 0; i < tables->node_count[axis]; i++) {
    if (x == tables->nodes[axis][i]) return true;
  }
  return false;
}

static void one_label_is_free_the_others_sit_on_nodes(void **state) {
  (void)state;
  hr_simulate_options options = good();
  options.labels = HR_SIMULATE_LATTICE;
  options.free_fraction = 1.0 / 3;
  options.logg = (hr_simulate_range){1.4, 3.1}; /* nodes 1.5 .. 3.0 */
  size_t is_free[HR_GRID_AXES] = {0};
  for (uint64_t row = 0; row < 3000; row++) {
    hr_star star = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TEST, row);
    size_t free_count = 0;
    check_within(star.labels[HR_GRID_LOG_G], 1.4, 3.1);
    for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
      if (is_node(axis, star.labels[axis])) continue;
      free_count++;
      is_free[axis]++;
    }
    assert_int_equal(free_count, 1);
  }
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    check_near(is_free[axis], 1000, 130); /* five standard deviations */
  }
}

/* Until there was a fraction, the free one of three labels was number 3u, u its deviate:
 * what a seed means with a fraction of 1/3. */
static void a_third_frees_the_label_it_always_did(void **state) {
  (void)state;
  hr_simulate_options options = good(), uniform = good();
  options.labels = HR_SIMULATE_LATTICE;
  options.free_fraction = 1.0 / 3;
  for (uint64_t row = 0; row < 3000; row++) {
    hr_star star = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TEST, row);
    hr_star drawn = hr_stars_draw(&uniform, tables, HR_STREAM_SIMULATE_TEST, row);
    size_t axis = (size_t)(3 * hr_uniform(1, HR_STREAM_SIMULATE_TEST, row, 7));
    assert_true(star.labels[axis] == drawn.labels[axis]);
  }
}

enum { USERS_BINS = 9, USERS_ROWS = 1000000 };

/* How a set of labels looks to the study of nine bins. */
typedef struct tally {
  size_t bins[USERS_BINS], uncovered, without_free;
  double first, second; /* moments of log g less 3, added up */
} tally;

static size_t interval_of(double x, const double edges[4]) {
  for (size_t i = 0; i < 3; i++) {
    bool is_last = i == 2 && x == edges[3];
    if (x >= edges[i] && (x < edges[i + 1] || is_last)) return i;
  }
  return 3;
}

static tally count_lattice(void) {
  const double t_edges[4] = {3750, 4500, 5250, 6000}, m_edges[4] = {-2, -1, 0, 0.5};
  hr_simulate_options options = good();
  options.labels = HR_SIMULATE_LATTICE;
  tally t = {.uncovered = 0};
  for (uint64_t row = 0; row < USERS_ROWS; row++) {
    hr_star star = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TRAIN, row);
    size_t i = interval_of(star.labels[HR_GRID_T_EFF], t_edges), is_free = 0;
    size_t j = interval_of(star.labels[HR_GRID_M_H], m_edges);
    for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
      is_free += !is_node(axis, star.labels[axis]);
    }
    assert_true(is_free <= 1);
    t.without_free += 1 - is_free;
    if (i < 3 && j < 3) {
      t.bins[3 * i + j]++;
    } else {
      t.uncovered++;
    }
    double off = star.labels[HR_GRID_LOG_G] - 3;
    t.first += off;
    t.second += off * off;
  }
  return t;
}

/* The counts of the users' published training set of 1,000,000 stars, which were drawn by
 * another program: both sides have the binomial error. */
static void a_fifth_makes_the_users_sky(void **state) {
  (void)state;
  const double users[USERS_BINS] = {88666, 89050,  62702,  102801, 102864,
                                    71516, 116727, 115778, 80717};
  const double n = USERS_ROWS;
  tally t = count_lattice();
  for (size_t k = 0; k < USERS_BINS; k++) {
    double p = users[k] / n;
    check_near((double)t.bins[k], users[k], 3 * sqrt(2 * n * p * (1 - p)));
  }
  double covered = n - (double)t.uncovered;
  check_near(covered, 830821, 3 * sqrt(2 * 830821 * 0.169179));
  check_near(100 * (double)t.uncovered / n, 16.9, 0.1);
  check_near((double)t.without_free / n, 0.4, 3 * sqrt(0.24 / n));
  double mean = t.first / n, sd = sqrt(t.second / n - mean * mean);
  /* Of log g. A uniform sample's sd has the relative error sqrt((1.8 - 1) / 4n). */
  check_near(sd, 1.1683, 3 * sqrt(2.0) * 1.1683 * sqrt(0.8 / (4 * 830821.0)));
}

/* End nodes have half the weight of others, and no fraction puts all labels on nodes. */
static void nodes_at_the_ends_have_half_weight(void **state) {
  (void)state;
  enum { STARS = 40000 };
  hr_simulate_options options = good();
  options.labels = HR_SIMULATE_LATTICE;
  options.free_fraction = 0;
  size_t at[9] = {0};
  for (uint64_t row = 0; row < STARS; row++) {
    hr_star star = hr_stars_draw(&options, tables, HR_STREAM_SIMULATE_TRAIN, row);
    for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
      assert_true(is_node(axis, star.labels[axis]));
    }
    at[(size_t)(2 * star.labels[HR_GRID_LOG_G]) - 2]++;
  }
  for (size_t i = 0; i < 9; i++) {
    double p = i == 0 || i == 8 ? 1.0 / 16 : 1.0 / 8;
    check_near((double)at[i], STARS * p, 4 * sqrt(STARS * p * (1 - p)));
  }
}

/* Sets one thing wrong in good options and compares the sentence. */
#define check_refused(change, sentence)                                          \
  do {                                                                           \
    hr_simulate_options o = good();                                              \
    change;                                                                      \
    check_fails(hr_stars_check(&o, tables, NULL, &err), HR_ERR_USAGE, sentence); \
  } while (0)

/* What belongs to PFS is not taken for another instrument. */
static void options_of_pfs_are_refused_of_others(void **state) {
  (void)state;
  hr_error err;
  hr_definition snr = {.name = (char[]){"desi-z"}, .noise = {.has_snr = true}};
  hr_definition electrons = {.name = (char[]){"mine"}};
  hr_simulate_options o = good();
  check_ok(hr_stars_check(&o, tables, &snr, &err));
  o.seeing.high = 1.0;
  check_fails(hr_stars_check(&o, tables, &snr, &err), HR_ERR_USAGE,
              "seeing goes with the instrument pfs-mr alone; desi-z is as its definition "
              "says: leave it out");
  o = good();
  o.fwhm = 3;
  check_fails(
      hr_stars_check(&o, tables, &electrons, &err), HR_ERR_USAGE,
      "fwhm goes with the instrument pfs-mr alone; mine is as its definition says: "
      "leave it out");
  o = good();
  o.mag.low = 21;
  check_ok(hr_stars_check(&o, tables, &electrons, &err));
  check_fails(
      hr_stars_check(&o, tables, &snr, &err), HR_ERR_USAGE,
      "mag has no effect on desi-z, whose noise is given as a range of SNR: leave "
      "it out, or define its noise by electrons");
}

static void bad_ranges_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_simulate_options options = good();
  check_ok(hr_stars_check(&options, tables, NULL, &err));
  check_refused((o.teff = (hr_simulate_range){3000, 6000}),
                "teff is 3000 to 6000 K: give a range within 3750 to 6000, the lower end "
                "first");
  check_refused((o.logg = (hr_simulate_range){4, 3}),
                "logg is 4 to 3 dex: give a range within 1 to 5, the lower end first");
  check_refused((o.mh = (hr_simulate_range){-1, NAN}),
                "mh is -1 to nan dex: give a range within -2.5 to 0.75, the lower end "
                "first");
  check_refused((o.mag = (hr_simulate_range){20, 31}),
                "mag is 20 to 31 mag: give a range within 10 to 30, the lower end first");
  check_refused((o.seeing = (hr_simulate_range){0.3, 0.3}),
                "seeing is 0.3 to 0.3 arcsec: give a range within 0.4 to 1.8, the lower "
                "end first");
  check_refused((o.zenith_angle = (hr_simulate_range){0, 61}),
                "zenith_angle is 0 to 61 degrees: give a range within 0 to 60, the lower "
                "end first");
  check_refused((o.field_angle = (hr_simulate_range){-0.1, 0.65}),
                "field_angle is -0.1 to 0.65 degrees: give a range within 0 to 0.65, the "
                "lower end first");
  check_refused((o.rv = (hr_simulate_range){-300, 1001}),
                "rv is -300 to 1001 km/s: give a range within -1000 to 1000, the lower "
                "end first");
  check_refused((o.labels = HR_SIMULATE_LATTICE, o.mh = (hr_simulate_range){0.1, 0.2}),
                "mh is 0.1 to 0.2 dex, where the model grid has no node: widen it, or "
                "draw uniform labels");
  check_refused((o.free_fraction = 0.3),
                "free_fraction is 0.3, but uniform labels are free, all of them: it goes "
                "with lattice labels");
  check_refused((o.labels = HR_SIMULATE_LATTICE, o.free_fraction = 0.34),
                "free_fraction is 0.34: give 0 to 1/3, the chance of each of 3 labels to "
                "be the free one");
  check_refused(
      (o.labels = HR_SIMULATE_LATTICE, o.free_fraction = NAN),
      "free_fraction is nan: give 0 to 1/3, the chance of each of 3 labels to be "
      "the free one");
}

static void mistakes_beyond_reason_are_refused(void **state) {
  (void)state;
  hr_error err;
  check_refused((o.error_scale = 0), "error_scale is 0: give 0.01 to 100");
  check_refused((o.error_scale = NAN), "error_scale is nan: give 0.01 to 100");
  check_refused((o.mh_offset = -6), "mh_offset is -6 dex: give -5 to 5");
}

static void bad_resolutions_are_refused(void **state) {
  (void)state;
  hr_error err;
  check_refused((o.resolving_power = 7000),
                "resolving_power is 7000, but the model spectra have 5000: give 100 to "
                "5000");
  check_refused((o.resolving_power = NAN),
                "resolving_power is nan, but the model spectra have 5000: give 100 to "
                "5000");
  check_refused(
      (o.fwhm = 1.6),
      "fwhm is 1.6 angstrom, but the model spectra have up to 1.7700: give more "
      "than that, up to 80");
  check_refused((o.fwhm = 3, o.resolving_power = 2000),
                "resolving_power and fwhm say the same thing: give one of them");
}

static void bad_counts_are_refused(void **state) {
  (void)state;
  hr_error err;
  check_refused((o.folder = NULL), "no folder is given to write the spectra to");
  check_refused((o.folder = ""), "no folder is given to write the spectra to");
  check_refused((o.train_rows = 0, o.test_rows = 0),
                "0 training and 0 test spectra leave nothing to simulate");
  check_refused((o.train_rows = 1000000001),
                "at most 1000000000 spectra can be simulated at a time");
  check_refused((o.shards = 0),
                "20000 training spectra cannot be shared out over 0 shards");
  check_refused((o.train_rows = 3, o.shards = 4),
                "3 training spectra cannot be shared out over 4 shards");
  check_refused((o.exposures = 0), "exposures is 0: give 1 to 10000");
  check_refused((o.exposure_time = -1), "exposure_time is -1 s: give 1 to 86400");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_fill_their_ranges),
      cmocka_unit_test(stars_move_where_that_is_asked_for),
      cmocka_unit_test(splits_and_seeds_have_other_stars),
      cmocka_unit_test(one_label_is_free_the_others_sit_on_nodes),
      cmocka_unit_test(a_third_frees_the_label_it_always_did),
      cmocka_unit_test(a_fifth_makes_the_users_sky),
      cmocka_unit_test(nodes_at_the_ends_have_half_weight),
      cmocka_unit_test(options_of_pfs_are_refused_of_others),
      cmocka_unit_test(bad_ranges_are_refused),
      cmocka_unit_test(bad_resolutions_are_refused),
      cmocka_unit_test(mistakes_beyond_reason_are_refused),
      cmocka_unit_test(bad_counts_are_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
