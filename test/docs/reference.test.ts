import { expect, test } from "vitest";
import { reference } from "../support/reference.ts";

test("the reference is what the descriptors and lists say; npm run docs writes it", async () => {
  await expect(reference()).toMatchFileSnapshot("../../docs/reference.md");
});
