/** How much is done, by default or as the environment says. */
export function size(name: string, byDefault: number): number {
  const value = Number(process.env[name] ?? byDefault);
  if (!(value > 0)) throw new RangeError(`${name} must be a number above 0.`);
  return value;
}
