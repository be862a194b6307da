// What StreamKit needs of hiredis, with the differences between 0.14 and 1.x evened out, and of Linux
// what Swift's Glibc module leaves out.
#ifndef STREAMKIT_CHIREDIS_SHIM_H
#define STREAMKIT_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

// The element count that createArray receives: `int` before hiredis 1.0, `size_t` since.
#if HIREDIS_MAJOR >= 1
typedef size_t streamkit_array_count;
#else
typedef int streamkit_array_count;
#endif

#endif
