/* The data file as bytes of the program, so that no path has to be found when it runs. */
#include "simulate/embedded.h"

/* .incbin, because a C array of 8 MB takes compilers a gigabyte and half a minute.
 * HR_DATA_FILE is the absolute path, given by CMakeLists.txt, which also rebuilds this
 * file when the data change. */
#ifndef HR_DATA_FILE
#error "define HR_DATA_FILE as the path of data/headroom_data.h5"
#endif

__asm__(
    ".pushsection .rodata\n"
    ".balign 64\n"
    ".globl hr_embedded_begin\n"
    ".hidden hr_embedded_begin\n"
    ".globl hr_embedded_end\n"
    ".hidden hr_embedded_end\n"
    "hr_embedded_begin:\n"
    ".incbin \"" HR_DATA_FILE
    "\"\n"
    "hr_embedded_end:\n"
    ".byte 0\n"
    ".popsection\n");

extern const unsigned char hr_embedded_begin[] __attribute__((visibility("hidden")));
extern const unsigned char hr_embedded_end[] __attribute__((visibility("hidden")));

const void *hr_embedded_data(size_t *size) {
  *size = (size_t)(hr_embedded_end - hr_embedded_begin);
  return hr_embedded_begin;
}
