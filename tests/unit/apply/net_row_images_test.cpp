#include "net_row_images.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tributary/util/bytes.hpp"

namespace tributary::apply {
namespace {

using binlog::RowsKind;

/// "key>after," of each row.
std::string rows(const NetRowImages& net, RowsKind kind, bool waiting = false) {
  std::string text;
  net.for_each(kind, waiting, [&text](ByteView key, ByteView after) {
    text += std::string(as_text(key)) + ">" + std::string(as_text(after)) + ",";
  });
  return text;
}

ByteView bytes(std::string_view text) {
  return as_bytes(text);
}

TEST(NetRowImages, KeepsTheLastImageOfEachKey) {
  NetRowImages net;
  EXPECT_TRUE(net.replace(bytes("1"), bytes("b")));
  EXPECT_TRUE(net.replace(bytes("1"), bytes("c")));
  EXPECT_TRUE(net.add(bytes("2"), bytes("x")));
  EXPECT_TRUE(net.replace(bytes("2"), bytes("y")));
  EXPECT_TRUE(net.replace(bytes("3"), bytes("q")));
  EXPECT_TRUE(net.remove(bytes("3")));
  EXPECT_EQ(rows(net, RowsKind::update), "1>c,");
  EXPECT_EQ(rows(net, RowsKind::write), "2>y,");
  EXPECT_EQ(rows(net, RowsKind::remove), "3>,");
}

TEST(NetRowImages, ARowThatCameAndWentIsNothing) {
  NetRowImages net;
  EXPECT_TRUE(net.add(bytes("1"), bytes("a")));
  EXPECT_TRUE(net.remove(bytes("1")));
  for (const RowsKind kind : {RowsKind::write, RowsKind::update, RowsKind::remove}) EXPECT_EQ(rows(net, kind), "");
  EXPECT_FALSE(net.empty());
  EXPECT_TRUE(net.add(bytes("1"), bytes("b")));
  EXPECT_EQ(rows(net, RowsKind::write), "1>b,");
}

TEST(NetRowImages, ARowThatWentAndCameBackIsAnUpdate) {
  NetRowImages net;
  EXPECT_TRUE(net.remove(bytes("1")));
  EXPECT_TRUE(net.add(bytes("1"), bytes("b")));
  EXPECT_EQ(rows(net, RowsKind::update), "1>b,");
  EXPECT_TRUE(net.remove(bytes("1")));
  EXPECT_EQ(rows(net, RowsKind::remove), "1>,");
}

TEST(NetRowImages, RefusesWhatCannotFollow) {
  NetRowImages net;
  EXPECT_TRUE(net.add(bytes("1"), bytes("a")));
  EXPECT_FALSE(net.add(bytes("1"), bytes("b")));
  EXPECT_TRUE(net.remove(bytes("1")));
  EXPECT_FALSE(net.remove(bytes("1")));
  EXPECT_FALSE(net.replace(bytes("1"), bytes("b")));
  EXPECT_EQ(rows(net, RowsKind::write), "");
}

TEST(NetRowImages, ManyKeysInTheOrderOfTheirFirstChange) {
  NetRowImages net;
  for (int turn = 0; turn < 2; ++turn) {
    std::string wanted;
    for (int i = 0; i < 3000; ++i) {
      const std::string key = std::to_string(i * 7919 % 3001);
      EXPECT_TRUE(net.replace(bytes(key), bytes("b")));
      EXPECT_TRUE(net.replace(bytes(key), bytes(key)));
      wanted += key;
      wanted += ">" + key + ",";
    }
    EXPECT_EQ(rows(net, RowsKind::update), wanted);
    EXPECT_FALSE(net.empty());
    net.clear();
    EXPECT_TRUE(net.empty());
    EXPECT_EQ(net.size(), 0U);
  }
}

TEST(NetRowImages, WhatWaitsOnceIsToldApart) {
  NetRowImages net;
  EXPECT_TRUE(net.replace(bytes("1"), bytes("b"), true));
  EXPECT_TRUE(net.replace(bytes("2"), bytes("y"), false));
  EXPECT_TRUE(net.replace(bytes("2"), bytes("z"), true));
  EXPECT_TRUE(net.replace(bytes("1"), bytes("c"), false));
  EXPECT_TRUE(net.remove(bytes("3")));
  EXPECT_EQ(rows(net, RowsKind::update), "");
  EXPECT_EQ(rows(net, RowsKind::update, true), "1>c,2>z,");
  EXPECT_EQ(rows(net, RowsKind::remove), "3>,");
  EXPECT_EQ(rows(net, RowsKind::remove, true), "");
}

TEST(NetRowImages, CountsWhatIsNeeded) {
  NetRowImages net;
  const std::string image(1000, 'i');
  EXPECT_TRUE(net.add(bytes("1"), bytes(image)));
  EXPECT_EQ(net.size(), 1001U);
  EXPECT_TRUE(net.replace(bytes("1"), bytes("s")));
  EXPECT_EQ(net.size(), 2U);
  EXPECT_TRUE(net.remove(bytes("1")));
  EXPECT_EQ(net.size(), 0U);
  EXPECT_TRUE(net.remove(bytes("2")));
  EXPECT_EQ(net.size(), 1U);
  EXPECT_TRUE(net.add(bytes("2"), bytes(image)));
  EXPECT_EQ(net.size(), 1001U);
  net.clear();
  EXPECT_EQ(net.size(), 0U);
}

TEST(NetRowImages, WhatIsNoMoreNeededIsDropped) {
  NetRowImages net;
  const std::string image(1000, 'i');
  EXPECT_TRUE(net.replace(bytes("kept"), bytes("b")));
  EXPECT_TRUE(net.remove(bytes("gone")));
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_TRUE(net.add(bytes(key), bytes(image)));
    EXPECT_TRUE(net.remove(bytes(key)));
    last = image + key;
    EXPECT_TRUE(net.replace(bytes("kept"), bytes(last)));
  }
  EXPECT_EQ(rows(net, RowsKind::write), "");
  EXPECT_EQ(rows(net, RowsKind::update), "kept>" + last + ",");
  EXPECT_EQ(rows(net, RowsKind::remove), "gone>,");
  EXPECT_FALSE(net.remove(bytes("gone")));
  EXPECT_TRUE(net.add(bytes("gone"), bytes("h")));
  EXPECT_EQ(rows(net, RowsKind::update), "kept>" + last + ",gone>h,");
}

TEST(NetRowImages, IsNotEmptyWhereAllRowsCameAndWent) {
  NetRowImages net;
  const std::string image(1000, 'i');
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_TRUE(net.add(bytes(key), bytes(image)));
    EXPECT_TRUE(net.remove(bytes(key)));
    EXPECT_FALSE(net.empty());
  }
  net.clear();
  EXPECT_TRUE(net.empty());
}

}  // namespace
}  // namespace tributary::apply
