#include "error.h"

namespace lowrank {

const char* errorCodeName(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalidArgument:
      return "INVALID_ARGUMENT";
    case ErrorCode::nonFinite:
      return "NON_FINITE";
    case ErrorCode::numerical:
      return "NUMERICAL";
    case ErrorCode::memory:
      return "OUT_OF_MEMORY";
    case ErrorCode::tooLarge:
      return "TOO_LARGE";
  }
  return "INTERNAL";
}

}  // namespace lowrank
