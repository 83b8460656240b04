/* The page of a star: what is drawn, and the numbers behind. REPORT_PICTURES=DIR keeps
 * the pictures there. */
#include "report/star.h"

#include <math.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/pictures.h"

enum { PIXELS = 2600, TARGETS = 2 };

static hr_error err;
static hr_star_sheet star;
static hr_text csv;
static double wave[PIXELS];
static char log_g[] = "log_g", t_eff[] = "T_eff", dex[] = "dex", kelvin[] = "K";
static const hr_bundle_target targets[TARGETS] = {{log_g, dex, {0, 5}},
                                                  {t_eff, kelvin, {3000, 7000}}};

static void add_opinion(const char *title, double mean) {
  hr_star_opinion *o = &star.opinions[star.opinion_count++];
  check_ok(hr_copy_text(title, &o->title, &err));
  check_ok(hr_alloc(&o->mean, TARGETS, &err));
  check_ok(hr_alloc(&o->half68, TARGETS, &err));
  check_ok(hr_alloc(&o->half95, TARGETS, &err));
  for (size_t t = 0; t < TARGETS; t++) {
    o->mean[t] = t == 0 ? mean : 1000 * mean;
    o->half68[t] = 0.1 * o->mean[t];
    o->half95[t] = 0.2 * o->mean[t];
  }
}

static int prepare(void **state) {
  (void)state;
  hr_text_init(&csv);
  star = (hr_star_sheet){.id = "17",
                         .path = "here/stars.fits",
                         .row = 3,
                         .snr = 12.5,
                         .masked = 0.01,
                         .pixels = PIXELS,
                         .wave = wave,
                         .targets = targets,
                         .target_count = TARGETS};
  check_ok(hr_copy_text("Mid Poor", &star.slot, &err));
  check_ok(hr_copy_text("masked", &star.flags, &err));
  check_ok(hr_copy_text("nearest template: log_g 4 (χ² 1)", &star.fit_title, &err));
  check_ok(hr_alloc(&star.flux, PIXELS, &err));
  check_ok(hr_alloc(&star.error, PIXELS, &err));
  check_ok(hr_alloc(&star.fit, PIXELS, &err));
  check_ok(hr_alloc(&star.bad, PIXELS, &err));
  for (size_t p = 0; p < PIXELS; p++) {
    wave[p] = 7000 + 0.5 * (double)p;
    star.fit[p] = 1 + 0.2 * sin(0.01 * (double)p);
    star.flux[p] = star.fit[p] + (p % 2 ? 0.05 : -0.05);
    star.error[p] = 0.05;
    star.bad[p] = p >= 100 && p < 126;
  }
  check_ok(hr_alloc(&star.opinions, 3, &err));
  check_ok(hr_alloc(&star.is_chosen, 3 * TARGETS, &err));
  add_opinion("predicted", 4);
  add_opinion("Ridge", 3.8);
  add_opinion("Posterior mean", 4);
  star.is_chosen[2 * TARGETS] = true;
  check_ok(hr_alloc(&star.draws, TARGETS * HR_PREDICT_DRAWS, &err));
  for (size_t i = 0; i < HR_PREDICT_DRAWS; i++) {
    star.draws[i] = 4 + 0.01F * (float)((i * 37) % 61);
    star.draws[HR_PREDICT_DRAWS + i] = NAN;
  }
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_text_fini(&csv);
  hr_star_fini(&star);
  return 0;
}

static hr_status draw_on(const char *name) {
  hr_canvas *canvas = NULL;
  hr_bytes png = {0};
  hr_status status = HR_OK;
  hr_text_fini(&csv);
  HR_TRY(hr_canvas_create_high(hr_star_height(&star), &canvas, &err));
  HR_TRY(hr_star_draw(&star, canvas, &csv, &err));
  HR_TRY(hr_text_status(&csv, &err));
  if (name) {
    check_ok(hr_canvas_write_png(canvas, &png, &err));
    keep_picture(name, &png);
  }
cleanup:
  hr_bytes_fini(&png);
  hr_canvas_destroy(&canvas);
  return status;
}

static void check_has(const char *line) {
  if (!strstr(csv.bytes, line)) fail_msg("no '%s' in the numbers drawn", line);
}

static void numbers_drawn_are_told(void **state) {
  (void)state;
  check_ok(draw_on("star"));
  check_has(
      "part,name,x,value,half68,half95\nspectrum,,7000,0.94999999999999996,"
      "0.050000000000000003,\n");
  check_has("\nflagged,,7050,");
  check_has("\nfit,,7000,1,,\n");
  check_has("\nlog_g,predicted,,4,0.40000000000000002,0.80000000000000004\n");
  check_has("\nT_eff,Ridge,,3800,380,760\n");
  check_has("\nlog_g,draw,,4,,\n");
}

/* What is not there leaves no room. */
static void pages_are_as_high_as_what_they_show(void **state) {
  (void)state;
  double high = hr_star_height(&star);
  hr_free(star.draws);
  star.draws = NULL;
  assert_true(hr_star_height(&star) < high);
  hr_free(star.error);
  hr_free(star.fit);
  star.error = star.fit = NULL;
  star.pixels = 300;
  star.target_count = 1;
  check_ok(draw_on("star_plain"));
  check_near(hr_star_height(&star), HR_CANVAS_HEIGHT, 0);
  assert_null(strstr(csv.bytes, "fit"));
}

/* Nothing is known of the star but that it is bad. */
static void without_a_number_the_page_is_drawn(void **state) {
  (void)state;
  for (size_t p = 0; p < PIXELS; p++) {
    star.bad[p] = true;
    star.flux[p] = (double)NAN;
  }
  for (size_t i = 0; i < star.opinion_count; i++) {
    star.opinions[i].mean[0] = star.opinions[i].mean[1] = (double)NAN;
  }
  star.snr = (double)NAN;
  check_ok(draw_on("star_bad"));
}

static hr_status draw_again(void) {
  return draw_on(NULL);
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  check_alloc_failures(draw_again());
}

#define STAR_TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      STAR_TEST(numbers_drawn_are_told),
      STAR_TEST(pages_are_as_high_as_what_they_show),
      STAR_TEST(without_a_number_the_page_is_drawn),
      STAR_TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
