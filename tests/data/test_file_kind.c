/* What stands in place of an HDF5 file is named, with the remedy. */
#include "data/file_kind.h"

#include "support/scratch.h"

static scratch s;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void check_refusal(const char *bytes, size_t size, const char *behind) {
  char sentence[8192];
  hr_error err = {0};
  const char *path = scratch_name(&s, "shard.h5");
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
  snprintf(sentence, sizeof sentence, "%s is not an HDF5 file%s", path, behind);
  check_fails(hr_file_kind_refuse(path, &err), HR_ERR_FORMAT, sentence);
}

#define IS(bytes, behind) check_refusal(bytes, sizeof(bytes) - 1, behind)

static void pointers_are_named(void **state) {
  (void)state;
  IS("version https://git-lfs.example/spec/v1\noid sha256:4d7a\nsize 12345\n",
     " but a pointer of Git LFS, which stands for the file; fetch the file with `git lfs "
     "pull`");
  IS("/annex/objects/SHA256E-s123--4d7a.h5\n",
     " but a pointer of git-annex, which stands for the file; fetch the file with `git "
     "annex get`");
}

static void archives_are_named(void **state) {
  (void)state;
  char tar[512] = "train_0.h5";
  IS("\x1f\x8b\x08\0\0",
     " but an archive (gzip); unpack it with gunzip and name what is in it");
  IS("PK\x03\x04\x14",
     " but an archive (zip); unpack it with unzip and name what is in it");
  IS("BZh91AY", " but an archive (bzip2); unpack it with bunzip2 and name what is in it");
  IS("\xfd"
     "7zXZ",
     " but an archive (xz); unpack it with unxz and name what is in it");
  IS("\x28\xb5\x2f\xfd",
     " but an archive (zstd); unpack it with unzstd and name what is in it");
  memcpy(tar + 257, "ustar", 5);
  check_refusal(tar, sizeof tar,
                " but an archive (tar); unpack it with tar -xf and name what is in it");
}

static const char page[] =
    " but a web page, perhaps what a server answered in place of the file; get the file "
    "again and look at the page where that fails";

static void web_pages_are_named(void **state) {
  (void)state;
  IS("<!DOCTYPE html>\n<html><title>404</title>", page);
  IS("\xef\xbb\xbf\r\n  <HTML lang=en>", page);
  IS("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", page);
}

static void other_formats_are_named(void **state) {
  (void)state;
  char line[600];
  IS("SIMPLE  =                    T",
     " but a FITS file; write its spectra and labels as HDF5 (docs/formats.md)");
  IS("\x93NUMPY\x01\0",
     " but an array of NumPy; write its spectra and labels as HDF5 (docs/formats.md)");
  IS("PAR1\x15",
     " but a Parquet file; write its spectra and labels as HDF5 (docs/formats.md)");
  static const char text[] =
      " but text; write its spectra and labels as HDF5 (docs/formats.md)";
  IS("T_eff,log_g\n4000,2\n", text);
  IS("\xce\xbb\t[\xc3\x85]\n", text);
  /* A character of two bytes across the end of what is looked at. */
  memset(line, 'a', sizeof line);
  memcpy(line + 511, "\xc3\x85", 2);
  check_refusal(line, sizeof line, text);
}

static void what_is_empty_or_unknown_is_said(void **state) {
  (void)state;
  char zeros[1000] = "";
  IS("", " but empty; write or get it again");
  check_refusal(zeros, sizeof zeros,
                " but zeros where it begins, as an unfinished copy has; get it again");
  IS("\x80\x81\x01\x02", "");
  IS("text\x01\x02", "");
}

static hr_status check_table(const char *text) {
  hr_error err = {0};
  scratch_write(&s, "table", text);
  return hr_file_kind_check_table(scratch_name(&s, "table"), &err);
}

static void tables_are_let_be_and_others_named(void **state) {
  (void)state;
  char expected[8192];
  hr_error err = {0};
  check_ok(check_table("a,b\n1,2\n"));
  check_ok(check_table(""));
  check_ok(check_table("\x01\x02\x03"));
  check_ok(hr_file_kind_check_table(scratch_name(&s, "nowhere"), &err));
  assert_int_equal(check_table("\x1f\x8b\x08"), HR_ERR_FORMAT);
  snprintf(expected, sizeof expected,
           "%s is no table that can be read but an archive (gzip); unpack it with gunzip "
           "and name what is in it",
           scratch_name(&s, "table"));
  check_fails(hr_file_kind_check_table(scratch_name(&s, "table"), &err), HR_ERR_FORMAT,
              expected);
  scratch_write(&s, "table", "<?xml version='1.0'?>\n<VOTABLE>");
  snprintf(
      expected, sizeof expected,
      "%s is no table that can be read but a VOTable; write it as CSV, ECSV, FITS or "
      "HDF5",
      scratch_name(&s, "table"));
  check_fails(hr_file_kind_check_table(scratch_name(&s, "table"), &err), HR_ERR_FORMAT,
              expected);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)
  const struct CMUnitTest tests[] = {
      TEST(pointers_are_named),
      TEST(archives_are_named),
      TEST(web_pages_are_named),
      TEST(other_formats_are_named),
      TEST(what_is_empty_or_unknown_is_said),
      cmocka_unit_test_setup_teardown(tables_are_let_be_and_others_named, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
