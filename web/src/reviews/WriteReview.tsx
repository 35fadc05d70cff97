import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { askToSignIn } from "../session/store";
import { useSession } from "../session/useSession";
import type { Item } from "./queries";
import { type Draft, ReviewForm } from "./ReviewForm";

/** Lets a member write a review of one of `items`. */
export function WriteReview(props: { restaurantId: string; items: readonly Item[] }) {
  const { t } = useTranslation();
  const { standing } = useSession();
  const queries = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const only = props.items.length === 1 ? props.items[0] : undefined;

  async function open() {
    if (standing !== "in" && standing !== "restoring") {
      try {
        await askToSignIn();
      } catch {
        return;
      }
    }
    setIsOpen(true);
  }

  async function send({ itemId, stars, content }: Draft) {
    const params = { path: { restaurant_id: props.restaurantId } };
    const body = { item_id: itemId, stars, content };
    await answer(api.POST("/api/v1/restaurants/{restaurant_id}/reviews", { params, body }));
    setIsOpen(false);
    for (const key of ["reviews", "restaurants", "items"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
  }

  if (!isOpen) {
    return (
      <div>
        <button type="button" className="button button-main" onClick={open}>
          {t("review.write")}
        </button>
      </div>
    );
  }
  return (
    <ReviewForm
      items={only ? undefined : props.items}
      begun={{ itemId: only?.item_id ?? "", stars: 0, content: "" }}
      send={send}
      close={() => setIsOpen(false)}
      submit={t("review.publish")}
    >
      <h3>{t("review.write")}</h3>
    </ReviewForm>
  );
}
