#include <gtest/gtest.h>

#include <memory>
#include <sara/result.hpp>
#include <string>

namespace {

using sara::Error;
using sara::Result;
using sara::Status;

Result<int> half(int n) {
    if (n % 2 != 0) return Error{Status::kInvalid, "odd"};
    return n / 2;
}

TEST(Result, CarriesAValueOrAnErrorWithItsText) {
    EXPECT_EQ(half(4).value(), 2);
    EXPECT_EQ(half(3).status(), Status::kInvalid);
    EXPECT_EQ(half(3).text(), "odd");
    EXPECT_EQ(half(3).valueOr(7), 7);
}

TEST(Result, MovesAValueThatCannotBeCopied) {
    Result<std::unique_ptr<int>> r = std::make_unique<int>(5);
    const std::unique_ptr<int> p = std::move(r).value();
    EXPECT_EQ(*p, 5);
}

TEST(Result, OfVoidIsSuccessUnlessToldOtherwise) {
    EXPECT_TRUE(Result<void>().ok());
    EXPECT_FALSE(Result<void>(Status::kFull).ok());
}

TEST(ResultDeathTest, ValueOfAFailureEndsTheProcess) { EXPECT_DEATH((void)half(3).value(), ""); }

TEST(Status, HasAWordForEveryCodeAndForCodesOfNewerServers) {
    EXPECT_EQ(nameOf(Status::kNotFound), "not_found");
    EXPECT_EQ(nameOf(sara::toStatus(-9999)), "unknown");
    EXPECT_TRUE(sara::ok(Status::kMoved));
}

}  // namespace
