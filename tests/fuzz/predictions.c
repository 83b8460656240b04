/* predictions.csv, with the fingerprint that results.json would have for it. */
#include "core/seal.h"
#include "fuzz/fuzz.h"
#include "report/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char path[128], print[HR_SEAL_SIZE];
  hr_error err = {0};
  hr_rows rows;
  fuzz_write(path, sizeof path, "predictions.csv", bytes, size);
  hr_seal_bytes(bytes, size, print);
  hr_reader reader = {
      .path = "results.json",
      .root = json_pack("{s: {s: s}}", "predictions", "fingerprint", print)};
  fuzz_require(reader.root);
  hr_status status = hr_rows_init(&rows, path, &reader, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  for (size_t i = 0; i < rows.count; i++) fuzz_require(rows.bin[i] >= -1);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  unlink(path);
  return 0;
}
