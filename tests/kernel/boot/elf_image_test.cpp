#include "boot/elf_image.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "boot_fixture.h"

namespace sara::boot {
namespace {

std::vector<uint8_t> bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

class ElfImageTest : public testing::Test {
  protected:
    std::vector<uint8_t> bytes = bytesOf(readFile(PluginWorld::corpus() + "/good.so"));
    std::string error;
    std::optional<ElfImage> read() { return ElfImage::read(bytes, &error); }
    Elf64_Ehdr& head() { return *reinterpret_cast<Elf64_Ehdr*>(bytes.data()); }
};

TEST_F(ElfImageTest, FindsSectionAndExportedFunction) {
    const auto image = read();
    ASSERT_TRUE(image) << error;
    EXPECT_THAT(std::string(image->section(".sara.manifest").value_or("")),
                testing::HasSubstr("org.wrong.good"));
    EXPECT_FALSE(image->section(".no.such"));
    EXPECT_THAT(image->exportedFunctions("sara_plugin_entry_v"),
                testing::ElementsAre("sara_plugin_entry_v1"));
}

TEST_F(ElfImageTest, RefusesASectionTableThatLeavesTheFile) {
    for (const uint64_t offset :
         {uint64_t{bytes.size()}, uint64_t{bytes.size() - 10}, UINT64_MAX, UINT64_MAX - 63}) {
        head().e_shoff = offset;
        EXPECT_FALSE(read()) << offset;
        EXPECT_EQ(error, "has a damaged section table");
    }
}

TEST_F(ElfImageTest, RefusesASectionThatLeavesTheFile) {
    auto* const sections = reinterpret_cast<Elf64_Shdr*>(bytes.data() + head().e_shoff);
    for (const uint64_t size : {uint64_t{bytes.size()}, UINT64_MAX}) {
        sections[1].sh_size = size;
        EXPECT_FALSE(read());
        EXPECT_EQ(error, "has a section outside of the file");
    }
}

TEST_F(ElfImageTest, SurvivesStringAndSymbolTablesThatPointAnywhere) {
    auto* const sections = reinterpret_cast<Elf64_Shdr*>(bytes.data() + head().e_shoff);
    for (int i = 0; i < head().e_shnum; ++i) {
        sections[i].sh_name = UINT32_MAX;
        sections[i].sh_link = UINT32_MAX;
    }
    const auto image = read();
    ASSERT_TRUE(image);
    EXPECT_FALSE(image->section(".sara.manifest"));
    EXPECT_TRUE(image->exportedFunctions("sara").empty());
}

TEST_F(ElfImageTest, SurvivesEveryTruncation) {
    const std::vector<uint8_t> whole = bytes;
    for (size_t length = 0; length < whole.size(); length += 97) {
        bytes.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        bytes.shrink_to_fit();
        EXPECT_FALSE(read()) << length;
    }
}

}  // namespace
}  // namespace sara::boot
