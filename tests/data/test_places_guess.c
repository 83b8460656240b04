/* Which arrays are proposed in the place of those that are missing. */
#include "data/places_guess.h"

#include "support/shards.h"

static char path[256];

static int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "guess.h5");
  shard_spec spec = shard_spec_default(path);
  spec.with_noisy = true;
  shard_write(&spec);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

/* to NULL: only taken away. */
static void move(const char *from, const char *to) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  if (to) {
    assert_true(H5Lmove(file, from, file, to, links, H5P_DEFAULT) >= 0);
  } else {
    assert_true(H5Ldelete(file, from, H5P_DEFAULT) >= 0);
  }
  H5Pclose(links);
  H5Fclose(file);
}

/* said: what follows the name of the file; NULL: nothing is proposed. */
static void check_proposal(const char *said) {
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  const hr_places places = {{0}};
  char expected[600];
  check_ok(hr_hdf5_open(path, &file, &err));
  hr_status status = hr_places_propose(&file, &places, &err);
  hr_hdf5_close(&file);
  if (!said) {
    check_ok(status);
    return;
  }
  snprintf(expected, sizeof expected, "%s%s", path, said);
  check_fails(status, HR_ERR_MISSING, expected);
}

static void names_are_known(void **state) {
  (void)state;
  check_proposal(NULL); /* nothing is missing */
  move("/dataset/arrays/flux/value", "/survey/Fluxes/data");
  move("/spectrumdataset/wave", "/survey/wave_length");
  check_proposal(
      " has no /dataset/arrays/flux/value, /spectrumdataset/wave; it has "
      "/survey/Fluxes/data [6 x 4], /survey/wave_length [4]: if that is meant, "
      "write data.paths: {flux: /survey/Fluxes/data, wave: "
      "/survey/wave_length}");
}

static void the_only_one_of_its_shape_is_proposed(void **state) {
  (void)state;
  move("/dataset/arrays/error/value", "/e");
  check_proposal(
      " has no /dataset/arrays/error/value; it has /e [6 x 4]: if that is "
      "meant, write data.paths: {error: /e}");
}

static void a_choice_is_not_made(void **state) {
  (void)state;
  move("/dataset/arrays/error/value", "/a/error");
  move("/dataset/arrays/noisy/value", "/b/error");
  check_proposal(NULL);
}

/* Noisy flux is no error, nor is a sigma flux. */
static void what_is_something_else_is_not_proposed(void **state) {
  (void)state;
  move("/dataset/arrays/error/value", NULL);
  check_proposal(NULL);
  move("/dataset/arrays/noisy/value", "/spectra/sigma");
  move("/dataset/arrays/flux/value", NULL);
  check_proposal(
      " has no /dataset/arrays/error/value; it has /spectra/sigma [6 x 4]: if "
      "that is meant, write data.paths: {error: /spectra/sigma}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(names_are_known, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_only_one_of_its_shape_is_proposed, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_choice_is_not_made, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_something_else_is_not_proposed, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
