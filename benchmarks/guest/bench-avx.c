// bench, of a program that uses AVX: the kernel has to keep the whole vector state over each call.
#include <immintrin.h>

__attribute__((used, target("avx"))) void uses_avx(double *place)
{
    _mm256_storeu_pd(place, _mm256_add_pd(_mm256_loadu_pd(place), _mm256_loadu_pd(place)));
}

#include "bench.c"
