/** What a board's console needs of a way to it: USB, Bluetooth, TCP, a pseudo-terminal. In the browser and on a PC. */

/** Two-way text. */
export interface Wire {
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** Told of whatever the board prints. */
  onText: (text: string) => void;
  /** Told once if the board is gone, and not because we closed it; the reason is a sentence that says what to do. */
  onClosed: (reason: string) => void;
  close(): Promise<void>;
}
