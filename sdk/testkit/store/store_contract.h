// The contract of sara.store/1 as a test suite. A store passes it by giving a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Mine, StoreContract, ::testing::Values(StoreFactory{"mine",
//   makeMine}));
//
// Every test gets a fresh, empty, started store.
#pragma once
#include <gtest/gtest.h>
#include <sara/sara.h>

#include <functional>
#include <memory>
#include <string>

#include "testkit/host/fake_host.h"
#include "testkit/store/store_client.h"

namespace sara::testkit {

// One started store and the host it runs on.
class StoreUnderTest {
  public:
    virtual ~StoreUnderTest() = default;
    virtual FakeHost& host() = 0;
    virtual const sara_store* api() = 0;
    virtual void* self() = 0;
    // Stops the store in the order of a server that ends; completions under way run before this
    // returns.
    virtual void stop() = 0;
    // Starts it again on the same data, on a host whose wall clock says wall_ms. Only asked of
    // stores that promise durability.
    virtual void restart(uint64_t wall_ms) = 0;
    // The limit that the factory has configured: at most 2000, so that a test can reach it.
    virtual uint64_t backlogMessagesMax() const = 0;
};

struct StoreFactory {
    std::string name;
    // loops: how many loops the host has.
    std::function<std::unique_ptr<StoreUnderTest>(uint32_t loops)> make;
};

void PrintTo(const StoreFactory& factory, std::ostream* out);

class StoreContract : public ::testing::TestWithParam<StoreFactory> {
  public:
    StoreContract();
    ~StoreContract() override;

  protected:
    static constexpr uint32_t kLoops = 2;

    FakeHost& host() { return store_->host(); }
    StoreClient& client() { return *client_; }
    bool durable();
    void restart(uint64_t wall_ms);

    std::unique_ptr<StoreUnderTest> store_;
    std::unique_ptr<StoreClient> client_;
};

}  // namespace sara::testkit
