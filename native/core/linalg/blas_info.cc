#include <cstdlib>
#include <mutex>

#include "blas.h"
#include "lapack.h"

namespace lowrank {

BlasInfo blasInfo() { return {openblas_get_config(), openblas_get_corename(), openblas_get_num_threads()}; }

void limitBlasThreads() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (!std::getenv("OPENBLAS_NUM_THREADS")) openblas_set_num_threads(1);
  });
}

}  // namespace lowrank
