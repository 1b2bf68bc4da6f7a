// The contract of sara.transport/1 as a test suite: every transport runs it, so that the kernel may
// rely on the words of abi/transport.h. In a test program:
//   INSTANTIATE_TEST_SUITE_P(Tcp, TransportContract, testing::Values(&kTcp));
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "testkit/transport/transport_rig.h"

namespace sara::testkit {

class TransportContract : public testing::TestWithParam<const TransportKind*> {
  protected:
    const TransportKind& kind() const { return *GetParam(); }
};

inline std::string kindName(const testing::TestParamInfo<const TransportKind*>& info) {
    return info.param->name;
}

// A packet that carries its number.
inline std::string packet(size_t n) {
    return R"({"envelope":{"id":")" + std::to_string(n) + R"(","type":1}})";
}

}  // namespace sara::testkit
