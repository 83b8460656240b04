/* Air and vacuum, against published pairs. */
#include "data/vacuum.h"

#include "support/check.h"

/* Both of the documentation of the IDL Astronomy User's Library, which takes Ciddor 1996:
 * a krypton line (AIRTOVAC), and the shortest wavelength that it changes (VACTOAIR). */
static void published_pairs_come_out(void **state) {
  (void)state;
  check_near(hr_vacuum_wavelength(6056.125), 6057.8019, 5e-5);
  check_near(hr_air_wavelength(2000), 1999.353, 5e-4);
}

/* Birch & Downs (1994) as Morton (2000) gives it, in the same kind of air. */
static double other_index(double vacuum) {
  double s = 1e4 / vacuum * (1e4 / vacuum);
  return 1 + 0.0000834254 + 0.02406147 / (130 - s) + 0.00015998 / (38.9 - s);
}

static void two_formulas_agree(void **state) {
  (void)state;
  for (double wave = 3000; wave <= 10000; wave += 50) {
    check_near(hr_air_wavelength(wave), wave / other_index(wave), 0.001);
  }
}

static void there_and_back_is_the_same(void **state) {
  (void)state;
  for (double wave = 2300; wave <= 16900; wave += 100) {
    check_near(hr_vacuum_wavelength(hr_air_wavelength(wave)), wave, 1e-11 * wave);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_pairs_come_out),
      cmocka_unit_test(two_formulas_agree),
      cmocka_unit_test(there_and_back_is_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
